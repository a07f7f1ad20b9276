// The same strategies in the simulated world: the bits of the threads, the staleness of equal
// workers, and times that do not depend on whether there are values. One simulation a process.

#include <gtest/gtest.h>

#include "tests/families/equal_service.hpp"
#include "tests/families/worlds.hpp"
#include "tests/simgrid/another_process.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms {
namespace {

/// Hosts that take 1e-10 s a flop; links of 2 µs and 1 GB/s.
test::Star star_of(int ranks) { return {.ranks = ranks, .processor = {.speed = {1e10}}}; }

const World simulated = [](int ranks, const Program& program) {
  test::run_on(star_of(ranks), program);
};

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

class EveryStrategy : public testing::TestWithParam<std::string> {
 protected:
  TrainingProblem problem() const { return determined_problem(find_strategy(GetParam())); }
  sim::SimulationResult simulate(const TrainingProblem& problem, TrainingHistory& history) const {
    const Strategy& strategy = find_strategy(GetParam());
    return test::run_on(star_of(4),
                        [&](Communicator& comm) { strategy.run(comm, problem, history); });
  }
};
std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const Strategy& strategy : strategies()) names.emplace_back(strategy.kind.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Simulated, EveryStrategy, testing::ValuesIn(names()),
                         [](const auto& one) { return one.param; });

TEST_P(EveryStrategy, EndsWithTheBitsOfTheThreads) {
  TrainingHistory threads, simulated_ranks;
  train(4, problem(), threads);
  simulate(problem(), simulated_ranks);
  EXPECT_EQ(threads.final_parameters(), simulated_ranks.final_parameters());
  EXPECT_FALSE(threads.final_parameters().at(0).empty());
}

/// What a simulation costs, as numbers that can go through a pipe.
std::vector<double> costs_of(const sim::SimulationResult& result) {
  std::vector<double> costs{result.end.count()};
  for (const sim::RankUse& rank : result.ranks)
    for (const double cost :
         {rank.end.count(), rank.computing.count(), rank.flops.value,
          static_cast<double>(rank.messages_sent), static_cast<double>(rank.bytes_sent.value)})
      costs.push_back(cost);
  return costs;
}

TEST_P(EveryStrategy, CostsTheSameWithSizesAlone) {
  TrainingProblem sizes = problem();
  sizes.phantom = true;
  TrainingHistory history;
  const auto phantom = test::in_another_process([&] { return costs_of(simulate(sizes, history)); });
  const auto real = costs_of(simulate(problem(), history));
  EXPECT_GT(real[0], 0);
  if (find_strategy(GetParam()).data_dependent) EXPECT_LE(real[0], phantom[0]);
  else EXPECT_EQ(phantom, real);
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
