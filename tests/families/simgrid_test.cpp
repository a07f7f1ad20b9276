// Strategies in SimGrid's world: the staleness of equal workers, and how long mixing takes. One
// simulation a process.

#include <gtest/gtest.h>

#include "tests/families/equal_service.hpp"
#include "tests/families/simulated_world.hpp"
#include "tests/families/worlds.hpp"
#include "tests/simgrid/another_process.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms {
namespace {

const World simulated = [](int ranks, const Program& program) { run_simulated(ranks, program); };

TEST(SimulatedParameterServer, FindsTheStalenessOfEqualWorkersInOrderOfArrival) {
  TrainingHistory history;
  train_equal_workers(simulated, "parameter_server", 8, "arrival", true, history);
  expect_staleness_of_equal_workers(history, 8);
}

TEST(SimulatedDownpour, FindsTheStalenessOfEqualWorkersInTurn) {
  TrainingHistory history;
  train_equal_workers(simulated, "downpour", 8, "cyclic", true, history);
  expect_staleness_of_equal_workers(history, 8);
}

TEST(SimulatedDownpour, FindsThatStalenessAtMostInOrderOfArrival) {
  // A fetch is a message of its own: the eight that arrive after the first eight pushes all read
  // version 8, and what they lead to is applied 0 … 7 versions later.
  TrainingHistory history;
  train_equal_workers(simulated, "downpour", 8, "arrival", true, history);
  for (const Figures& update : history.figures_of(0)) {
    if (update.worker && update.step <= 16) {
      EXPECT_EQ(*update.staleness, static_cast<double>((update.step - 1) % 8));
    }
    EXPECT_LE(update.staleness.value_or(0), 7);
  }
}

TEST(SimulatedMixing, TakesTwiceAsLongByRequestAndReplyAsSymmetrically) {
  const auto time_of = [](std::string_view form) {
    return test::in_another_process([form] {
      const auto result = test::run_on({.ranks = 2}, [form](Communicator& comm) {
        const Slice x = Slice::phantom(1000, Dtype::float64);
        const Rank partner = 1 - comm.rank();
        Mixer mixer{form, x, 1};
        mixer.mix(comm, std::span{&partner, 1}, x);
      });
      return std::vector{result.end.count()};
    })[0];
  };
  const double once = 2e-6 + 8000 / 1e9;  // α + nβ
  EXPECT_NEAR(time_of("average"), once, 1e-9 * once);
  EXPECT_NEAR(time_of("symmetric"), once, 1e-9 * once);
  EXPECT_NEAR(time_of("request_reply"), 2 * once, 1e-9 * once);
}

}  // namespace
}  // namespace troupe::algorithms
