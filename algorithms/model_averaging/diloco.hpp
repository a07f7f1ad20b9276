#pragma once
// DiLoCo: local steps of one optimiser, and an outer one for what they add up to.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What diloco can be told; the paper's values, with AdamW as problem.optimiser.
struct Diloco {
  static constexpr Whole inner_steps{.name = "inner_steps",
                                     .fallback = 500,
                                     .least = 1,
                                     .help = "H: local steps between two outer ones"};
  static constexpr Number outer_rate{
      .name = "outer_rate", .fallback = 0.7, .help = "of Nesterov's step along the outer gradient"};
  static constexpr Number outer_momentum{
      .name = "outer_momentum", .fallback = 0.9, .most = 1, .help = "likewise"};
  static constexpr std::array<AnySetting, 3> settings{&inner_steps, &outer_rate, &outer_momentum};
};

/// Trains; every rank reports the outer parameters, which are the same bits everywhere on every
/// backend. A step is a local one.
void diloco(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
