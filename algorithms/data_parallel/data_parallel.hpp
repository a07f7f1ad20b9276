#pragma once
// Synchronous data parallel training: replicas that stay equal by summing their gradients.

#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Trains on all ranks at once; `problem.collective` names the allreduce of the gradients. Every
/// rank ends with the same parameters, bit for bit, on every backend.
void data_parallel(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why data_parallel cannot serve the problem on so many ranks, or empty.
std::string refusal_of_data_parallel(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
