#pragma once
// One node of zero-gradient-sum on quadratics: its function f_i(w) = ½ wᵀA_i w − b_iᵀw + constant
// (the least squares of its shard), A_i factorised once, and its estimate w_i. What the strategies
// on quadratics share; each of them is a loop of its own.

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "algorithms/models/least_squares.hpp"
#include "algorithms/neighbourhood.hpp"
#include "algorithms/reporter.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/step_limit.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What each of these strategies can be told of its step.
struct StatedStep {
  static constexpr std::array<std::string_view, 3> ways{"itself", "share_of_largest",
                                                        "share_of_best"};
  static constexpr Text rate_is{
      .name = "rate_is",
      .fallback = "itself",
      .choices = ways,
      .help =
          "what the optimiser's rate is: the step itself, or a share of the largest step that "
          "converges, or of the one with the best rate, computed beforehand from all data"};
};

class QuadraticNode {
 public:
  /// With w_i = A_i⁻¹ b_i, the local optimum, where ∇f_i is zero.
  QuadraticNode(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

  std::size_t size() const { return shard_.size(); }
  Slice w() const { return w_; }
  ConstSlice matrix() const { return matrix_; }  ///< A_i
  ConstSlice factor() const { return factor_; }  ///< of A_i, as Cholesky leaves it

  /// w_i ← w_i + γ A_i⁻¹ pull; the pull is overwritten. Adds γ · pull to ∇f_i(w_i).
  void move(double gamma, Slice pull);
  /// As a move by δ_i, which `draws` decides: displacements on the manifold add up to zero over all
  /// ranks, those off it do not. Components are within ± size.
  void displace(double size, bool on_manifold, std::uint64_t draws);

  /// 0.9 · 2θ/λ with θ the least eigenvalue of all A_i, agreed on in the network, and λ at least
  /// the largest of the Laplacian: below 2/μ_max, the limit. A phantom A_i counts as 1.
  double safe_step(double laplacian_bound);
  /// The step γ that the problem states, or where that is 0 what `safe` finds. Where the one stated
  /// is outside the range in which estimates converge, 0 to step_limit(), rank 0 notes the limit;
  /// and the step, where it is stated as a share. `balances`: as the neighbourhood does.
  double step(const std::function<double()>& safe, EdgeMatrix edge_matrix = EdgeMatrix::none,
              std::int64_t delay = 0, bool balances = true);

  bool is_due(std::int64_t step) const { return reporter_.is_due(step); }
  /// Reports, with the gradient and the divergence from the optimum where due. True if that was
  /// enough for all ranks.
  bool done(const Figures& figures);
  void finish(std::int64_t step) { reporter_.finish(step, w_); }

 private:
  Communicator& comm_;
  const TrainingProblem& problem_;
  TrainingLog& log_;
  QuadraticShard shard_;
  Buffer matrix_, factor_, w_;
  Reporter reporter_;
};

/// Why no network of such nodes can serve the problem, or empty.
std::string refusal_of_quadratic_nodes(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
