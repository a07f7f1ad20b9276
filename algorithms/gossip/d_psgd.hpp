#pragma once
// Decentralised parallel SGD: a rank averages with its neighbours on a graph at every step.

#include <string>

#include "algorithms/graph.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The graph with Metropolis weights, W_ij = 1/(1 + max(d_i, d_j)) on its edges and the rest on
/// W_ii (Xiao and Boyd, Systems and Control Letters 53, 2004): symmetric and doubly stochastic, 1/3
/// everywhere on a ring.
Graph metropolis_graph(GraphChoice choice, int ranks);

/// Trains any model, by a metropolis_graph whatever weights the problem says. Deterministic on
/// every backend; the ranks' parameters differ.
void d_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why d_psgd cannot serve the problem on so many ranks, or empty.
std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
