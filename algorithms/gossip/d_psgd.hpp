#pragma once
// Decentralised parallel SGD: a rank averages with its neighbours on a graph at every step.

#include <array>
#include <string>

#include "algorithms/starting_points.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What d_psgd can be told.
struct DPsgd {
  static constexpr std::array<AnySetting, 1> settings{&StartingPoints::spread};
};

/// Trains any model. W has the weights of problem.graph on its edges and the rest on W_ii, so that
/// it is symmetric and doubly stochastic; Metropolis's, 1/3 everywhere on a ring, where the graph
/// leaves them at one. Deterministic on every backend; the ranks' parameters differ.
void d_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why d_psgd cannot serve the problem on so many ranks, or empty.
std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
