#pragma once
// Decentralised parallel SGD: a rank averages with its neighbours on a graph at every step.

#include <cstdint>
#include <string>

#include "algorithms/neighbourhood.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// into ← Σ_j W_ij x_j = x_i + Σ_j a_ij (x_j − x_i): W = I − 𝕃, doubly stochastic where the weights
/// a of the neighbourhood are Metropolis'. One exchange.
void mix(Communicator& comm, Neighbourhood& neighbours, std::int64_t step, ConstSlice x,
         Slice into);

/// The problem with Metropolis weights on its graph, W_ij = 1/(1 + max(d_i, d_j)) (Xiao and Boyd
/// 2004): symmetric and doubly stochastic, 1/3 everywhere on a ring.
TrainingProblem with_metropolis_weights(TrainingProblem problem);

/// Trains any model on a graph with edges, whose weights are Metropolis' whatever the problem says.
/// Deterministic on every backend; the ranks' parameters differ.
void d_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why d_psgd cannot serve the problem on so many ranks, or empty.
std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
