#pragma once
// Zero-gradient-sum for functions that are no quadratics, in discrete time, with the sum of
// gradients exactly zero.

#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Minimises Σ f_i over problem.graph, f_i as ConvexShard has them. The step γ is
/// problem.optimiser.rate; where that is 0, 0.9 · 2θ/λ, agreed on in the network; where it is not
/// below 2θ/λ, up to which convergence is certain, rank 0 notes so. How often a node evaluates its
/// own f_i depends on values, what it sends does not. Deterministic on every backend.
void general_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                               TrainingLog& log);

/// Why general_zero_gradient_sum cannot serve the problem on so many ranks, or empty.
std::string refusal_of_general(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
