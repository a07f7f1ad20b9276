#pragma once
// Data parallel that trains one group of layers at a time.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What block_coordinate can be told.
struct BlockCoordinate {
  static constexpr Whole groups{.name = "groups",
                                .fallback = 2,
                                .least = 1,
                                .help =
                                    "of neighbouring layers; as many as there are layers at "
                                    "most"};
  static constexpr Whole steps_per_group{.name = "steps_per_group",
                                         .fallback = 10,
                                         .least = 1,
                                         .help = "J: steps before it is the next group's turn"};
  static constexpr std::array<AnySetting, 2> settings{&groups, &steps_per_group};
};

/// Trains; every rank ends with the same parameters, bit for bit, on every backend.
void block_coordinate(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
