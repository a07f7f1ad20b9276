#pragma once
// Zero-gradient-sum: neighbours on a graph agree on the optimum of a sum of convex functions
// without anybody knowing more than his own.

#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Minimises Σ f_i over problem.graph, f_i being the least squares of rank i's shard. The step γ is
/// problem.optimiser.rate; where that is 0, 0.9 · 2θ/λ, agreed on in the network (θ the least
/// eigenvalue of all Hessians, λ ≥ λmax of the Laplacian). Deterministic on every backend; the
/// ranks' parameters differ by the disagreement reported. Throws BadInput for what
/// refusal_of_zero_gradient_sum names.
void zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why zero_gradient_sum cannot serve the problem on so many ranks, or empty.
std::string refusal_of_zero_gradient_sum(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
