#include "tests/families/equal_service.hpp"

#include <gtest/gtest.h>

#include <map>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/inbox.hpp"

namespace troupe::algorithms {

void train_equal_workers(const World& world, const std::string& strategy, int workers,
                         const std::string& order, bool phantom, TrainingHistory& history) {
  TrainingProblem problem;
  problem.strategy = strategy;
  problem.strategy.set(Inbox::order_setting, order);
  problem.phantom = phantom;
  problem.data.set(samples_setting, 1000 * workers);
  problem.stop.steps = 50;
  world(workers + 1, [&](Communicator& comm) { train(comm, problem, history); });
}

void expect_staleness_of_equal_workers(const TrainingHistory& history, int workers) {
  std::map<Rank, int> served;
  for (const Figures& update : history.figures_of(0)) {
    if (!update.worker) continue;
    const bool first = served[*update.worker]++ == 0;
    const double expected = first ? static_cast<double>(update.step - 1) : workers - 1;
    EXPECT_EQ(*update.staleness, expected) << "update " << update.step << " by " << *update.worker;
  }
  ASSERT_EQ(served.size(), workers);
  for (const auto& [worker, times] : served) EXPECT_EQ(times, served.begin()->second) << worker;
}

}  // namespace troupe::algorithms
