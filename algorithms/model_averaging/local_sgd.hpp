#pragma once
// Local SGD: replicas that train alone for a while and then take the mean of their models.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What local_sgd can be told.
struct LocalSgd {
  static constexpr Whole local_steps{.name = "local_steps",
                                     .fallback = 10,
                                     .least = 1,
                                     .help = "H: steps between two means (H1 within groups)"};
  static constexpr Whole group_size{.name = "group_size",
                                    .fallback = 0,
                                    .help = "ranks that are a group of their own; 0: no groups"};
  static constexpr Whole group_rounds{.name = "group_rounds",
                                      .fallback = 1,
                                      .least = 1,
                                      .only = "group_size is not 0",
                                      .help = "H2: means within groups for each mean of all"};
  static constexpr std::array<AnySetting, 3> settings{&local_steps, &group_size, &group_rounds};
};

/// Trains; all ranks end with the same parameters, bit for bit on every backend, if the last step
/// is one of a mean of all (else with their own). Each model counts with the samples it has seen.
void local_sgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why local_sgd cannot serve the problem on so many ranks, or empty.
std::string refusal_of_local_sgd(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
