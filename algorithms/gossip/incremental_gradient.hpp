#pragma once
// Incremental gradient descent: one model that walks round the ring of ranks.

#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Trains any model; rank 0 ends with the model, the others with what it was when they had it.
/// Deterministic on every backend.
void incremental_gradient(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why incremental_gradient cannot serve the problem on so many ranks, or empty.
std::string refusal_of_incremental_gradient(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
