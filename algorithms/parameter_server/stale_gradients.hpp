#pragma once
// What a server can do about gradients that were taken at parameters of some versions ago.

#include <array>
#include <string_view>

#include "algorithms/settings.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What servers can be told about it.
struct Staleness {
  static constexpr std::array<std::string_view, 3> compensations{"none", "constant", "adaptive"};
  static constexpr Flag aware{.name = "staleness_aware",
                              .help = "divide the rate by the staleness of each update"};
  static constexpr Text compensation{
      .name = "compensation",
      .fallback = "none",
      .choices = compensations,
      .help =
          "add lambda g g (x - x_read) to a gradient g: lambda constant, or over its root "
          "mean square"};
  static constexpr Number lambda{.name = "lambda",
                                 .fallback = 0.04,
                                 .only = "compensation is constant",
                                 .help = "strength of the compensation"};
  static constexpr Number adaptive_lambda{.name = "adaptive_lambda",
                                          .fallback = 2,
                                          .only = "compensation is adaptive",
                                          .help = "strength of the compensation"};
  static constexpr Number mean_square{.name = "mean_square",
                                      .fallback = 0.95,
                                      .most = 1,
                                      .only = "compensation is adaptive",
                                      .help = "what is kept of the squares"};
};

/// Staleness-aware rates: η / max(1, τ) for an update of staleness τ (Zhang, Gupta, Lian and Liu,
/// IJCAI 2016). Delay compensation: g + λ g⊙g⊙(x − x̂), x̂ what the worker had read, with g⊙g for the
/// Hessian; adaptive: λ / √(s + ε), s ← ms + (1−m) g⊙g (Zheng et al., ICML 2017). Without staleness
/// neither changes anything; and near the solution of a least-squares problem, where gradients are
/// small, compensation does not either.
class StaleGradients {
 public:
  /// For gradients of `size` values.
  StaleGradients(const TrainingProblem& problem, std::size_t size);
  /// Brings a gradient taken at `then`, `staleness` versions before `now`, up to date in place; the
  /// factor its rate is to be taken with.
  double correct(Communicator& comm, std::int64_t staleness, ConstSlice now, ConstSlice then,
                 Slice gradient);

 private:
  bool aware_, compensates_, adaptive_;
  DelayCompensation compensation_;  // without operands
  Buffer squares_;
  bool begun_ = false;
};

}  // namespace troupe::algorithms
