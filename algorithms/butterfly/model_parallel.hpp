#pragma once
// Model-parallel training on the butterfly: every rank has a block of the features of all samples,
// and the blocks meet stage by stage.

#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Trains a model "least_squares" whose weights are written as w = Bᵀ v, with a butterfly product B
/// (butterfly_layer.hpp) and a vector v of which each rank has its block; `problem.collective`
/// names the allreduce of the predictions. All ranks draw the same batches. Evaluated are the
/// weights w, which are gathered where an evaluation is due; every rank ends with the same, bit for
/// bit, on every backend. Throws BadInput for what refusal_of_model_parallel names.
void model_parallel_butterfly(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why model_parallel_butterfly cannot serve the problem on so many ranks, or empty.
std::string refusal_of_model_parallel(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
