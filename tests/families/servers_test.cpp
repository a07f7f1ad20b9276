// Parameter server and Downpour: staleness, its bound, its limit of the learning rate, and what
// they have in common with synchronous training.
//
// With W workers in turn, an update is applied to the parameters W−1 versions after it was read. On
// a quadratic with x ← x − ηλ x_stale that is stable iff ηλ < 2 sin(π / (2(2τ+1))), τ = W−1. The
// standard problem has λ_max = 0.16321: the rate has its limit at 12.2540, 6.1270, 2.7268
// and 1.2809 for 1, 2, 4 and 8 workers.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numbers>

#include "tests/families/equal_service.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

const char* const servers[] = {"parameter_server", "downpour"};

TEST(Staleness, OfEqualWorkersInTurnIsTheirNumberLessOne) {
  for (const char* strategy : servers)
    for (const int workers : {1, 2, 3, 8}) {
      TrainingHistory history;
      train_equal_workers(run_ranks, strategy, workers, "cyclic", false, history);
      EXPECT_EQ(history.figures_of(0).back().step, 50 * workers);
      expect_staleness_of_equal_workers(history, workers);
    }
}

TEST(Staleness, InOrderOfArrivalIsTheNumberOfOtherWorkersOnAverageAtMost) {
  // Each update of a worker falls into at most one open interval of each other worker.
  for (const char* strategy : servers) {
    TrainingHistory history;
    train_equal_workers(run_ranks, strategy, 4, "arrival", false, history);
    double sum = 0;
    for (const Figures& update : history.figures_of(0))
      if (update.worker) sum += *update.staleness;
    EXPECT_EQ(history.figures_of(0).back().step, 200);
    EXPECT_LE(sum / 200, 3);
  }
}

TEST(Staleness, OfSynchronousServiceIsNone) {
  TrainingProblem problem = standard_problem("parameter_server");
  problem.strategy.set(ParameterServer::mode, "bsp");
  problem.stop.steps = 20;
  TrainingHistory history;
  train(5, problem, history);
  for (const Figures& update : history.figures_of(0)) EXPECT_EQ(update.staleness.value_or(0), 0);
  EXPECT_EQ(history.figures_of(0).back().step, 20);
}

TEST(BoundedStaleness, LetsNoWorkerStartMoreThanItsBoundAhead) {
  for (const std::int64_t bound : {0, 1, 3}) {
    TrainingProblem problem = standard_problem("parameter_server");
    problem.strategy.set(ParameterServer::mode, "ssp");
    problem.strategy.set(ParameterServer::staleness, bound);
    problem.data.set(samples_setting, 600);
    problem.stop.steps = 100;
    TrainingHistory history;
    train(6, problem, history);
    std::map<Rank, std::int64_t> completed{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}};
    const auto by_clock = [](const auto& a, const auto& b) { return a.second < b.second; };
    for (const Figures& update : history.figures_of(0)) {
      if (!update.worker) continue;
      ++completed[*update.worker];
      const auto [least, most] = std::minmax_element(completed.begin(), completed.end(), by_clock);
      EXPECT_LE(most->second - least->second, bound + 1);
    }
    EXPECT_EQ(history.figures_of(0).back().step, 500);
  }
}

TEST(BoundedStaleness, WithBoundZeroGoesTheWayOfSynchronousService) {
  TrainingProblem problem = standard_problem("parameter_server");
  problem.stop.steps = 50;
  problem.strategy.set(ParameterServer::mode, "bsp");
  problem.optimiser.rate = 1;
  TrainingHistory synchronous, bounded;
  train(5, problem, synchronous);
  problem.strategy.set(ParameterServer::mode, "ssp");
  problem.strategy.set(ParameterServer::staleness, 0);
  problem.optimiser.rate = 0.25;
  train(5, problem, bounded);
  const auto a = synchronous.final_parameters().at(0), b = bounded.final_parameters().at(0);
  EXPECT_LE(distance(a, b), 1e-12 * norm(a));
}

TEST(SynchronousService, GoesTheWayOfDataParallelTraining) {
  for (const std::size_t samples : {10000, 1003}) {
    TrainingProblem problem = standard_problem("parameter_server");
    problem.strategy.set(ParameterServer::mode, "bsp");
    problem.data.set(samples_setting, samples);
    TrainingHistory served, parallel;
    train(5, problem, served);
    problem.strategy = "data_parallel";
    train(4, problem, parallel);
    const auto a = served.final_parameters().at(0), b = parallel.final_parameters().at(0);
    EXPECT_LE(distance(a, b), 1e-12 * norm(a));
  }
}

double rate_limit(int workers) {
  const int staleness = workers - 1;
  return 2 * std::sin(std::numbers::pi / (2 * (2 * staleness + 1))) / 0.16321;
}

TrainingProblem in_turn(const std::string& strategy, int workers, double rate) {
  TrainingProblem problem = standard_problem(strategy);
  problem.strategy.set(Inbox::order_setting, "cyclic");
  problem.optimiser.rate = rate;
  problem.stop.steps = 20000 / workers;
  problem.evaluate_every = 0;
  return problem;
}

TEST(LearningRate, HasThePublishedLimits) {
  EXPECT_NEAR(rate_limit(1), 12.2540, 1e-3);
  EXPECT_NEAR(rate_limit(2), 6.1270, 1e-3);
  EXPECT_NEAR(rate_limit(4), 2.7268, 1e-3);
  EXPECT_NEAR(rate_limit(8), 1.2809, 1e-3);
}

TEST(LearningRate, ConvergesAtNineteenTwentiethsOfTheLimit) {
  const auto gap_of = [](const char* strategy, int workers, double limit) {
    TrainingHistory history;
    train(workers + 1, in_turn(strategy, workers, 0.95 * limit), history);
    return *history.summary().back().gap;
  };
  EXPECT_LE(gap_of("parameter_server", 1, 12.2540), 6e-7);
  EXPECT_LE(gap_of("parameter_server", 2, 6.1270), 6e-7);
  EXPECT_LE(gap_of("parameter_server", 4, 2.7268), 6e-7);
  for (const char* strategy : servers) EXPECT_LE(gap_of(strategy, 8, 1.2809), 6e-7) << strategy;
}

TEST(LearningRate, DivergesAtTwentyOneTwentiethsOfTheLimit) {
  // The update at which the gap first exceeds 1e4, as published.
  const struct {
    int workers;
    double limit, update;
  } published[] = {{1, 12.2540, 73}, {2, 6.1270, 281}, {4, 2.7268, 689}, {8, 1.2809, 1491}};
  for (const char* strategy : servers)
    for (const auto& [workers, limit, update] : published) {
      TrainingProblem problem = in_turn(strategy, workers, 1.05 * limit);
      problem.stop.steps = 1600 / workers;
      problem.evaluate_every = 1;
      TrainingHistory history;
      train(workers + 1, problem, history);
      const auto figures = history.figures_of(0);
      const auto found =
          std::ranges::find_if(figures, [](const Figures& f) { return f.gap > 1e4; });
      ASSERT_NE(found, figures.end()) << strategy << " " << workers;
      EXPECT_NEAR(static_cast<double>(found->step), update, 0.02 * update) << strategy;
    }
}

TEST(LearningRate, HasNoLimitSoLowWhereItIsDividedByTheStaleness) {
  TrainingProblem problem = in_turn("parameter_server", 8, 2 * 1.2809);
  problem.stop.steps = 500;
  problem.strategy.set(ParameterServer::staleness_aware, true);
  TrainingHistory history;
  train(9, problem, history);
  EXPECT_LE(*history.summary().back().gap, 1e-3);
}

TEST(Servers, HandOutAsManyGradientsAsTheyWereAskedFor) {
  for (const char* strategy : servers)
    for (const char* order : {"arrival", "cyclic"}) {
      TrainingProblem problem = standard_problem(strategy);
      problem.data.set(samples_setting, 100);
      problem.strategy.set(Inbox::order_setting, order);
      problem.stop.steps = 7;
      TrainingHistory history;
      train(4, problem, history);
      EXPECT_EQ(history.figures_of(0).back().step, 21);
      EXPECT_EQ(history.final_parameters().size(), 1u);
    }
}

TEST(Servers, EndAsSoonAsTheGapIsReached) {
  for (const char* strategy : servers)
    for (const char* order : {"arrival", "cyclic"}) {
      TrainingProblem problem = standard_problem(strategy);
      problem.strategy.set(Inbox::order_setting, order);
      problem.stop.steps = 10000;
      problem.stop.gap = 1e-3;
      problem.evaluate_every = 10;
      TrainingHistory history;
      train(4, problem, history);
      const auto lines = history.summary();
      EXPECT_LE(*lines.back().gap, 1e-3);
      EXPECT_GT(*lines[lines.size() - 2].gap, 1e-3);
      EXPECT_LT(lines.back().step, 30000);
    }
}

TEST(Servers, TakeTheSameWayTwiceInCyclicOrder) {
  for (const char* strategy : servers) {
    TrainingProblem problem = standard_problem(strategy);
    problem.strategy.set(Inbox::order_setting, "cyclic");
    problem.batch = 20;
    TrainingHistory once, again;
    train(4, problem, once);
    train(4, problem, again);
    EXPECT_EQ(once.final_parameters(), again.final_parameters());
  }
}

TEST(Downpour, AccruesGradientsBetweenPushes) {
  TrainingProblem problem = standard_problem("downpour");
  problem.strategy.set(Inbox::order_setting, "cyclic");
  problem.data.set(samples_setting, 100);
  problem.stop.steps = 12;
  problem.strategy.set(Downpour::fetch_every, 4);
  problem.strategy.set(Downpour::push_every, 2);
  TrainingHistory history;
  train(4, problem, history);
  EXPECT_EQ(history.figures_of(0).back().step, 3 * 12 / 2);
}

TEST(Downpour, StepsByAdaGradAsThePaperDoes) {
  TrainingProblem problem = standard_problem("downpour");
  static_cast<Choice&>(problem.optimiser) = "adagrad";
  problem.stop.steps = 60;
  TrainingHistory served, alone;
  train(2, problem, served);
  problem.strategy = "data_parallel";
  train(1, problem, alone);
  const auto expected = alone.final_parameters().at(0);
  EXPECT_LE(distance(served.final_parameters().at(0), expected), 1e-13 * norm(expected));
}

TEST(Downpour, WithOneReplicaIsGradientDescentHoweverRarelyItFetchesAndPushes) {
  // A replica that moves on by itself is, at each fetch, where the server is.
  TrainingProblem problem = standard_problem("downpour");
  problem.stop.steps = 60;
  TrainingHistory descent;
  train(2, problem, descent);
  const auto expected = descent.final_parameters().at(0);
  for (const auto& [fetch_every, push_every] : {std::pair{1, 1}, {4, 2}, {6, 6}, {3, 3}}) {
    problem.strategy.set(Downpour::fetch_every, fetch_every);
    problem.strategy.set(Downpour::push_every, push_every);
    TrainingHistory history;
    train(2, problem, history);
    EXPECT_LE(distance(history.final_parameters().at(0), expected), 1e-13 * norm(expected));
  }
}

}  // namespace
}  // namespace troupe::algorithms
