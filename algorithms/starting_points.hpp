#pragma once
// Where replicas that mix begin: alike, or apart, to see how they come together.

#include "algorithms/learner.hpp"
#include "algorithms/settings.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What each of those strategies can be told.
struct StartingPoints {
  static constexpr Number spread{
      .name = "start_spread",
      .fallback = 0,
      .help =
          "starting values of each rank are off by draws of its own, uniform in (-spread, "
          "spread): with a rate of 0 mixing alone is seen; 0: all start alike"};
};

/// x ← the model's starting values, the same on every rank, and where a spread is stated the rank's
/// own draws added to them.
void initialise_replica(Communicator& comm, const TrainingProblem& problem, const Learner& learner,
                        Slice x);

}  // namespace troupe::algorithms
