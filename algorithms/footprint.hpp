#pragma once
// How much memory a strategy takes, before it is run: whether a model fits its device.

#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

/// Values of the problem's dtype that the rank which keeps most keeps while it trains. A floor:
/// samples, messages under way and what kernels need in between are not counted.
struct Footprint {
  double parameters = 0, gradients = 0, optimiser = 0, activations = 0;
  double values() const { return parameters + gradients + optimiser + activations; }
};

/// What is kept of so many parameters that one rank trains, without activations.
Footprint footprint_of_parameters(const TrainingProblem& problem, double count);
/// Samples of one gradient where the data are cut into so many shards.
double samples_of_a_gradient(const TrainingProblem& problem, int shards);

/// Every rank has the whole model, its gradient and the optimiser's vectors.
Footprint footprint_of_replica(const TrainingProblem& problem, int ranks);
/// The same with the optimiser's vectors cut over the ranks.
Footprint footprint_of_sharded_optimiser(const TrainingProblem& problem, int ranks);
/// Every rank has its part of all of it, for the whole batch.
Footprint footprint_of_part(const TrainingProblem& problem, int ranks);
/// A server has all starting values, the optimiser's vectors of its block, and the block twice for
/// each of its workers: what that pushes and what it was given.
Footprint footprint_of_server(const TrainingProblem& problem, int servers, int workers);

}  // namespace troupe::algorithms
