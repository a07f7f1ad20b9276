#pragma once
// Zero-gradient-sum: neighbours on a graph agree on the optimum of a sum of convex functions
// without anybody knowing more than his own.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What zero_gradient_sum can be told.
struct ZeroGradientSum {
  static constexpr std::array<std::string_view, 4> starts{"local_optima", "on_manifold",
                                                          "off_manifold", "zero"};
  static constexpr Text start{
      .name = "start",
      .fallback = "local_optima",
      .choices = starts,
      .help =
          "where gradients add up to zero: at the local optima or elsewhere on that manifold; "
          "as controls, off it or all at zero"};
  static constexpr std::array<std::string_view, 3> edge_matrices{"none", "of_ends", "of_all"};
  static constexpr Text edge_matrix{
      .name = "edge_matrix",
      .fallback = "none",
      .choices = edge_matrices,
      .help =
          "what the difference of two estimates is multiplied by: nothing, the mean Hessian of "
          "the two ends, or that of all nodes"};
  static constexpr std::array<std::string_view, 3> disturbances{"none", "on_manifold",
                                                                "off_manifold"};
  static constexpr Text disturbance{
      .name = "disturbance",
      .fallback = "none",
      .choices = disturbances,
      .help =
          "what happens after step disturb_at: nothing, all gradients change but not their "
          "sum, or rank 0 alone is moved, as by a corrupted message"};
  static constexpr Whole disturb_at{.name = "disturb_at",
                                    .fallback = 100,
                                    .least = 1,
                                    .only = "disturbance is not none",
                                    .help = "the step of the disturbance"};
  static constexpr Number displacement{
      .name = "displacement",
      .fallback = 1,
      .only = "start is on_manifold or start is off_manifold or disturbance is not none",
      .help = "largest change of a component of a gradient, by start and disturbance"};
  static constexpr Flag balance{
      .name = "balance",
      .fallback = true,
      .help =
          "on unbalanced directed graphs: weigh by the left eigenvector of the Laplacian; "
          "false is the control, which ends elsewhere"};
  static constexpr std::array<AnySetting, 7> settings{
      &start,        &edge_matrix, &disturbance,        &disturb_at,
      &displacement, &balance,     &StatedStep::rate_is};
};

/// Minimises Σ f_i over problem.graph, f_i being the least squares of rank i's shard. The step γ is
/// problem.optimiser.rate; where that is 0, a safe one is agreed on in the network. A stated γ that
/// is not below the limit of convergence is noted in the log, with the limit. Deterministic on
/// every backend; the ranks' parameters differ by the disagreement reported. Throws BadInput for
/// what refusal_of_zero_gradient_sum names.
void zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why zero_gradient_sum cannot serve the problem on so many ranks, or empty.
std::string refusal_of_zero_gradient_sum(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
