// Strategies in a simulated world: the bits of the threads, and times that do not depend on whether
// there are values. In the LogGP world all of them, in SimGrid's a sample.

#include <gtest/gtest.h>

#include "tests/families/simulated_world.hpp"
#include "tests/families/worlds.hpp"
#include "tests/simgrid/another_process.hpp"

namespace troupe::algorithms {
namespace {

class EveryStrategy : public testing::TestWithParam<std::string> {
 protected:
  TrainingProblem problem() const { return determined_problem(find_strategy(GetParam())); }
  sim::SimulationResult simulate(const TrainingProblem& problem, TrainingHistory& history) const {
    const Strategy& strategy = find_strategy(GetParam());
    return run_simulated(4, [&](Communicator& comm) { strategy.run(comm, problem, history); });
  }
};
INSTANTIATE_TEST_SUITE_P(Simulated, EveryStrategy, testing::ValuesIn(strategies_to_simulate()),
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

}  // namespace
}  // namespace troupe::algorithms
