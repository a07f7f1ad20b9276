#pragma once
// What strategies that average whole models share: local steps, and weighted means over ranks.

#include <cstdint>

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// x ← Σ_r w_r x_r over the ranks of `comm`, by an allreduce of that name. The weights of the ranks
/// sum to 1.
void average(Communicator& comm, const TrainingProblem& problem, std::string_view allreduce,
             Slice x, double weight);

/// `steps` steps along this rank's own gradients; `gradient` is scratch.
void local_steps(Communicator& comm, Learner& learner, Optimiser& optimiser, std::int64_t steps,
                 Slice gradient, Slice x);

/// x ← x · min(1, limit / ‖x‖₂); as it is where the limit is 0. Costs 3 flops a value and one pass.
void clip_to_norm(Communicator& comm, Slice x, double limit);

}  // namespace troupe::algorithms
