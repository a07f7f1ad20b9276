#pragma once
// Data parallel with the optimiser's state cut into shards: ZeRO, stage 1.

#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Trains on all ranks at once; every rank ends with the same parameters, bit for bit, on every
/// backend. The optimiser must treat each parameter by itself (all of ours do, clipping aside).
void sharded_optimiser(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Bytes a rank holds of a model of `parameters` trained in mixed precision by Adam (Rajbhandari et
/// al. 2020, §3.1 and §5.1): 2 for a parameter, 2 for its gradient, and 12 of optimiser state, of
/// which each of `shards` ranks keeps its part.
double mixed_precision_bytes(double parameters, int shards);

}  // namespace troupe::algorithms
