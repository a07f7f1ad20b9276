// Histories of gradients: the published numbers of SAG, alone and with a server, and SAGA.

#include "algorithms/asynchronous_sgd/gradient_history.hpp"

#include <gtest/gtest.h>

#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Doubles = std::vector<double>;

/// 1000 samples of sin(x)/x with noise, ridge 1e-2 a sample, so that L_max = 1.270.
TrainingProblem ridge_problem(const char* strategy, std::int64_t passes, double rate) {
  TrainingProblem problem = standard_problem(strategy);
  problem.data.set(samples_setting, 1000);
  problem.model.set(LeastSquares::ridge, 10);
  problem.batch = 1;
  problem.optimiser.rate = rate;
  problem.stop.steps = 1000 * passes;
  problem.evaluate_every = 10000;
  return problem;
}

/// The last gap, relative to the first.
double relative_gap(int ranks, const TrainingProblem& problem) {
  TrainingHistory history;
  train(ranks, problem, history);
  const auto lines = history.summary();
  return *lines.back().gap / *lines.front().gap;
}

constexpr double smoothness = 1.270;  // L_max
const char* const name = "stochastic_average_gradient";

TEST(History, LosesItsErrorWhereDescentKeepsANoise) {
  // Published: 2e-6, 7e-11, 2e-20 of SAG after 10, 20, 40 passes; 5e-2, 7e-2, 7e-2 of descent.
  const double ten = relative_gap(1, ridge_problem(name, 10, 1 / (16 * smoothness))),
               twenty = relative_gap(1, ridge_problem(name, 20, 1 / (16 * smoothness)));
  printf("sag %g %g\n", ten, twenty);
  EXPECT_LE(ten, 1e-4);
  EXPECT_LE(twenty, 1e-8);
  for (const std::int64_t passes : {10, 20}) {
    const double d = relative_gap(1, ridge_problem("data_parallel", passes, 1 / smoothness));
    printf("sgd %g\n", d);
    EXPECT_GE(d, 1e-3);
  }
}

TEST(History, IsOfTheSamplesWhetherTheyHaveAServerOrNot) {
  for (const char* variant : {"sag", "saga"})
    for (const char* order : {"cyclic", "random", "arrival"}) {
      TrainingProblem problem = ridge_problem(name, 20, 1 / (16 * smoothness));
      problem.strategy.set(GradientHistory::variant, variant);
      problem.strategy.set(GradientHistory::order, order);
      problem.stop.steps = 20 * 1000 / 4;
      const double g = relative_gap(5, problem);
      printf("%s %s %g\n", variant, order, g);
      EXPECT_LE(g, 1e-8) << variant << order;
    }
}

TEST(History, OfAllSamplesAtOnceIsGradientDescent) {
  for (const char* variant : {"sag", "saga"}) {
    TrainingProblem problem = ridge_problem(name, 0, 0.5);
    problem.strategy.set(GradientHistory::variant, variant);
    problem.batch = 0;
    problem.stop.steps = 20;
    TrainingHistory history, descent;
    train(1, problem, history);
    problem.strategy = "data_parallel";
    train(1, problem, descent);
    const Doubles expected = descent.final_parameters().at(0);
    EXPECT_LE(distance(history.final_parameters().at(0), expected), 1e-12 * norm(expected))
        << variant;
  }
}

TEST(History, HasTheSumThatTheServerKeeps) {
  for (const std::size_t batch : {1, 7}) {
    TrainingProblem problem = ridge_problem(name, 1, 1 / (16 * smoothness));
    problem.batch = batch;
    run_loopback(1, [&](Communicator& comm) {
      Learner learner{problem, 0, 1};
      SampleHistory history{comm, problem, learner, 0};
      HistoryDescent descent{problem, learner.size(), learner.samples_of_all()};
      Doubles x(20, 0), change(22);
      for (int step = 0; step < 2000; ++step) {
        history.renew(comm, std::span{std::as_const(x)}, std::span{change});
        EXPECT_EQ(change[21], static_cast<double>(batch));
        descent.step(comm, std::span{change}, std::span{x});
      }
      const Doubles kept = to_doubles(descent.state()[0]);
      EXPECT_LE(distance(history.sum(), kept), 1e-10 * norm(kept));
      EXPECT_GT(norm(kept), 0);
    });
  }
}

TEST(History, TravelsAsOneVectorAndTwoNumbersAnUpdate) {
  TrainingProblem problem = ridge_problem(name, 0, 0.05);
  problem.stop.steps = 100;
  TrainingHistory history;
  train(4, problem, history);
  EXPECT_EQ(history.figures_of(0).back().step, 300);
  EXPECT_EQ(refusal_of_strategy(problem, 1), "");
  problem.optimiser = {};
  static_cast<Choice&>(problem.optimiser) = "adam";
  EXPECT_NE(refusal_of_strategy(problem, 4).find("takes nothing but a rate"), std::string::npos);
}

}  // namespace
}  // namespace troupe::algorithms
