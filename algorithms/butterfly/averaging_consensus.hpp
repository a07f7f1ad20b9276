#pragma once
// Dynamic average consensus: a rank keeps an estimate of the mean of all parameters beside its own,
// and lets itself be pulled towards it.

#include <array>
#include <string>

#include "algorithms/butterfly/mixing.hpp"
#include "algorithms/butterfly/partners.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What averaging_consensus can be told.
struct AveragingConsensus {
  static constexpr const Text& partners = Partners::setting;
  static constexpr const Wholes& digits = Partners::digits;
  static constexpr Number pull{.name = "pull",
                               .fallback = 0.5,
                               .most = 1,
                               .help =
                                   "the part of the way to the estimated mean that parameters "
                                   "go at each step; 0: none, 1: mixing"};
  static constexpr std::array<AnySetting, 3> settings{&partners, &digits, &pull};
};

/// Trains. Deterministic on every backend; the ranks' parameters differ. Throws BadInput for what
/// refusal_of_averaging_consensus names.
void averaging_consensus(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why averaging_consensus cannot serve the problem on so many ranks, or empty.
std::string refusal_of_averaging_consensus(const TrainingProblem& problem, int ranks);

/// One rank's estimate m of the mean of what all ranks have (Spanos, Olfati-Saber and Murray 2005;
/// Zhu and Martínez 2010): m ← Σ_j W_ij m_j + (x_new − x_old), where W averages with the partners
/// of the round. The estimates keep the sum of what is estimated.
class MeanEstimate {
 public:
  /// Starts at x. EXPECTS `partners` to outlive it.
  MeanEstimate(Communicator& comm, const Partners& partners, ConstSlice x);
  /// `change` (used up) is x_new − x_old.
  void update(Communicator& comm, Slice change);
  ConstSlice value() const { return estimate_.all(); }

 private:
  const Partners& partners_;
  Scratch estimate_;
  Mixer mixer_;
  std::int64_t round_ = 0;
};

}  // namespace troupe::algorithms
