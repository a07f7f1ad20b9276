#pragma once
// Elastic averaging: replicas on springs to a common centre.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What easgd can be told.
struct Easgd {
  static constexpr Whole period{
      .name = "period", .fallback = 4, .least = 1, .help = "tau: steps between two pulls"};
  static constexpr Number moving_rate{
      .name = "moving_rate",
      .fallback = 0.9,
      .most = 1,
      .help = "beta: a pull moves the centre by beta, a replica by alpha = beta / P"};
  static constexpr std::array<AnySetting, 2> settings{&period, &moving_rate};
};

/// Trains by the synchronous form; every rank keeps the centre and reports it, the same bits
/// everywhere on every backend.
void easgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
