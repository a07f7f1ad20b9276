#pragma once
// Pipeline parallelism: every rank has some layers, and micro-batches pass through.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/footprint.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What pipeline can be told.
struct Pipeline {
  static constexpr std::array<std::string_view, 3> schedules{"gpipe", "1f1b", "interleaved"};
  static constexpr Text schedule{.name = "schedule",
                                 .fallback = "1f1b",
                                 .choices = schedules,
                                 .help = "order of forwards and backwards on a rank"};
  static constexpr Whole micro_batches{
      .name = "micro_batches", .fallback = 8, .least = 1, .help = "m: parts of a batch"};
  static constexpr Whole chunks{
      .name = "chunks", .fallback = 1, .least = 1, .help = "v: stages of a rank, when interleaved"};
  static constexpr std::array<AnySetting, 3> settings{&schedule, &micro_batches, &chunks};
};

/// Trains a network or a phantom model, each batch by all ranks together. The last rank reports the
/// loss of the batches, before the step that they lead to; at the end rank 0 gathers all parameters
/// and reports them. The step is that of one machine with the whole batch, to rounding.
void pipeline(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why pipeline cannot serve the problem on so many ranks, or empty.
std::string refusal_of_pipeline(const TrainingProblem& problem, int ranks);

/// The rank whose stages, and micro-batches between their ways forwards and back, take most.
Footprint footprint_of_pipeline(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
