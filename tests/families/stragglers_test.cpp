// One slow worker in a simulated world: whom it holds up, and what stealing its work gains.

#include <gtest/gtest.h>

#include "tests/families/worlds.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::algorithms {
namespace {

/// The last time of a run on ranks of these speeds, and the steals and their bytes.
struct Cost {
  double time, steals, bytes;
};
Cost cost_of(const TrainingProblem& problem, const std::vector<double>& speeds) {
  const auto ranks = static_cast<int>(speeds.size());
  const test::StarNetwork network{ranks, 1, Seconds{2e-6}, {1e9}, true};
  std::vector<sim::loggp::Seat> seats;
  for (const double speed : speeds)
    seats.push_back(
        {.host = "h" + std::to_string(seats.size()), .processor = {.speed = {1e7 * speed}}});
  TrainingHistory history;
  const auto result = sim::loggp::simulate(
      network, seats, [&](Communicator& comm) { train(comm, problem, history); });
  Cost cost{.time = result.end.count(), .steals = 0, .bytes = 0};
  for (const Figures& figures : history.figures()) {
    cost.steals += figures.steals.value_or(0);
    cost.bytes += figures.steal_bytes.value_or(0);
  }
  return cost;
}

TrainingProblem phantom_problem(const char* strategy, std::int64_t steps) {
  TrainingProblem problem = standard_problem(strategy);
  problem.phantom = true;
  problem.evaluate_every = 0;
  problem.stop.steps = steps;
  return problem;
}

TEST(OneSlowWorker, IsWhatSynchronousServiceWaitsForAndAsynchronousDoesNot) {
  // 8 workers, one at a quarter of the speed: 8/4 gradients a unit of time against 7 + 1/4.
  const std::vector<double> equal{1000, 1, 1, 1, 1, 1, 1, 1, 1};
  std::vector<double> slow = equal;
  slow.back() = 0.25;
  TrainingProblem problem = phantom_problem("parameter_server", 100);
  problem.strategy.set(ParameterServer::mode, "bsp");
  const double round = cost_of(problem, equal).time / 100;
  EXPECT_NEAR(cost_of(problem, slow).time, 100 * 4 * round, 0.01 * 400 * round);
  problem.strategy.set(ParameterServer::mode, "asp");
  const double expected = 800 / 7.25 * round;
  EXPECT_NEAR(cost_of(problem, slow).time, expected, 0.03 * expected);
  // bounded staleness is held up too, in the long run
  problem.strategy.set(ParameterServer::mode, "ssp");
  EXPECT_GT(cost_of(problem, slow).time, 3 * expected);
}

TEST(WorkStealing, EndsWhenAllSpeedsTogetherCanAndWithoutItWhenTheSlowestDoes) {
  // In units of a fast rank's shard: 4 without, 8/7.25 = 1.103 with, and a chunk on the slow rank.
  const std::vector<double> equal(8, 1.0), slow{1, 1, 1, 0.25, 1, 1, 1, 1};
  TrainingProblem problem = phantom_problem("work_stealing", 1);
  problem.strategy.set(WorkStealing::stealing, false);
  const Cost unit = cost_of(problem, equal), fixed = cost_of(problem, slow);
  problem.strategy.set(WorkStealing::stealing, true);
  const Cost stolen = cost_of(problem, slow), idle = cost_of(problem, equal);
  EXPECT_NEAR(fixed.time, 4 * unit.time, 0.04 * unit.time);
  EXPECT_LE(stolen.time, (8 / 7.25 * 1.01 + 4.0 / 64) * unit.time);
  EXPECT_GE(stolen.time, 8 / 7.25 * unit.time * 0.99);
  EXPECT_GT(stolen.steals, 0);
  EXPECT_GE(stolen.bytes, 24 * stolen.steals);
  EXPECT_EQ(unit.steals, 0);
  EXPECT_EQ(unit.bytes, 0);
  EXPECT_EQ(idle.steals, 0);
  EXPECT_LE(idle.time, 1.01 * unit.time);
}

}  // namespace
}  // namespace troupe::algorithms
