// The same strategies in the simulated world: the bits of the threads, the staleness of equal
// workers, and times that do not depend on whether there are values. One simulation a process.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/families/equal_service.hpp"
#include "tests/families/worlds.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms {
namespace {

/// Hosts that take 1e-10 s a flop; links of 2 µs and 1 GB/s.
test::Star star_of(int ranks) { return {.ranks = ranks, .processor = {.speed = {1e10}}}; }

const World simulated = [](int ranks, const Program& program) {
  test::run_on(star_of(ranks), program);
};

class EveryServer : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Simulated, EveryServer, testing::Values("parameter_server", "downpour"),
                         [](const auto& one) { return one.param; });

TEST_P(EveryServer, FindsTheStalenessOfEqualWorkersInOrderOfArrival) {
  TrainingHistory history;
  train_equal_workers(simulated, GetParam(), 8, "arrival", true, history);
  expect_staleness_of_equal_workers(history, 8);
}

class EveryStrategy : public testing::TestWithParam<Strategy> {
 protected:
  TrainingProblem problem() const { return determined_problem(GetParam()); }
  sim::SimulationResult simulate(const TrainingProblem& problem, TrainingHistory& history) const {
    return test::run_on(star_of(4),
                        [&](Communicator& comm) { GetParam().run(comm, problem, history); });
  }
};
INSTANTIATE_TEST_SUITE_P(Simulated, EveryStrategy,
                         testing::ValuesIn(strategies().begin(), strategies().end()),
                         [](const auto& one) { return std::string{one.param.name}; });

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

/// The costs that `simulation` returns when it runs in a process of its own.
std::vector<double> in_another_process(const std::function<std::vector<double>()>& simulation) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error{"no pipe"};
  const pid_t child = fork();
  if (child == 0) {
    const std::vector<double> costs = simulation();
    const auto bytes = costs.size() * sizeof(double);
    const bool written = write(ends[1], costs.data(), bytes) == static_cast<ssize_t>(bytes);
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::vector<double> costs;
  for (double cost = 0; read(ends[0], &cost, sizeof cost) == sizeof cost;) costs.push_back(cost);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return costs;
}

TEST_P(EveryStrategy, CostsTheSameWithSizesAlone) {
  TrainingProblem sizes = problem();
  sizes.phantom = true;
  TrainingHistory history;
  const auto phantom = in_another_process([&] { return costs_of(simulate(sizes, history)); });
  const auto real = costs_of(simulate(problem(), history));
  EXPECT_GT(real[0], 0);
  EXPECT_EQ(phantom, real);
}

}  // namespace
}  // namespace troupe::algorithms
