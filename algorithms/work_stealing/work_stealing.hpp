#pragma once
// Data parallel epochs in which a rank without work takes some of another's.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What work_stealing can be told.
struct WorkStealing {
  static constexpr Whole chunks{.name = "chunks",
                                .fallback = 64,
                                .least = 1,
                                .most = 1'000'000,
                                .help = "pieces of a shard that can be stolen"};
  static constexpr Flag stealing{.name = "stealing",
                                 .fallback = true,
                                 .help = "false: each rank does what it has, as a control"};
  static constexpr std::array<AnySetting, 2> settings{&chunks, &stealing};
};

/// Trains by gradient descent on all samples; a step is an epoch. Every sample counts once in every
/// epoch, whoever computes with it and however late messages are; who that is depends on time, and
/// with it the order of additions, so that parameters are the same bits again only without
/// stealing. All ranks end with the same ones. Samples of others are read where they are stored:
/// what is stolen is the right to use them. Reports the steals of each epoch and their bytes.
void work_stealing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why work_stealing cannot serve the problem on so many ranks, or empty.
std::string refusal_of_work_stealing(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
