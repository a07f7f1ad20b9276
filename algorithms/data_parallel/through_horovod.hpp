#pragma once
// Data parallel training as a program for Horovod writes it: over the façade, which decides in the
// background what travels together.

#include <array>

#include "algorithms/settings.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What the strategy "horovod" can be told, with Horovod's defaults.
struct ThroughHorovod {
  static constexpr Whole fusion_threshold{
      .name = "fusion_threshold",
      .fallback = 128 << 20,
      .least = 0,
      .help = "ready gradients up to so many bytes travel as one; 0: each layer alone"};
  static constexpr Number cycle_time{
      .name = "cycle_time",
      .fallback = 1e-3,
      .least = 0,
      .help = "seconds that a rank gathers gradients before it announces them"};
  static constexpr std::array<AnySetting, 2> settings{&fusion_threshold, &cycle_time};
};

/// Trains on all ranks at once; `problem.collective` names the allreduce. Ranks stay equal, bit for
/// bit; which gradients share a sum, and so the order of additions, depends on who was ready when,
/// but for a threshold of 0.
void through_horovod(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
