// Histories of gradients: the published numbers of SAG, alone and with a server, and SAGA.

#include "algorithms/asynchronous_sgd/gradient_history.hpp"

#include <gtest/gtest.h>

#include "core/loopback.hpp"
#include "core/recorder.hpp"
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

TEST(History, HasSamplesOfThePublishedSmoothness) {
  // ∇²f_j = h hᵀ + σ I has the greatest eigenvalue ‖h‖² + σ, and the trace ‖h‖² + 20 σ.
  run_loopback(1, [](Communicator& comm) {
    Learner learner{ridge_problem(name, 0, 0), 0, 1};
    double largest = 0;
    for (std::size_t sample = 0; sample < learner.samples(); ++sample) {
      double trace = 0;
      for (std::size_t i = 0; i < 20; ++i) {
        Doubles zero(20, 0), unit(20, 0), at_zero(20), at_unit(20);
        unit[i] = 1;
        for (const auto& [x, g] : {std::pair{&zero, &at_zero}, {&unit, &at_unit}})
          learner.model().gradient(comm, std::span{std::as_const(*x)},
                                   learner.batch_of(comm, {&sample, 1}), 1, std::span{*g});
        trace += at_unit[i] - at_zero[i];
      }
      largest = std::max(largest, trace - 19 * 1e-2);
    }
    EXPECT_NEAR(largest, smoothness, 5e-4);
  });
}

TEST(History, LosesItsErrorWhereDescentKeepsANoise) {
  // Published: 2e-6, 7e-11, 2e-20 of SAG after 10, 20, 40 passes; 5e-2, 7e-2, 7e-2 of descent.
  const double ten = relative_gap(1, ridge_problem(name, 10, 1 / (16 * smoothness))),
               twenty = relative_gap(1, ridge_problem(name, 20, 1 / (16 * smoothness)));
  EXPECT_LE(ten, 1e-4);
  EXPECT_LE(twenty, 1e-8);
  for (const std::int64_t passes : {10, 20})
    EXPECT_GE(relative_gap(1, ridge_problem("data_parallel", passes, 1 / smoothness)), 1e-3);
}

TEST(History, IsOfTheSamplesWhetherTheyHaveAServerOrNot) {
  for (const char* variant : {"sag", "saga"})
    for (const char* order : {"cyclic", "random", "arrival"}) {
      TrainingProblem problem = ridge_problem(name, 20, 1 / (16 * smoothness));
      problem.strategy.set(GradientHistory::variant, variant);
      problem.strategy.set(GradientHistory::order, order);
      problem.stop.steps = 20 * 1000 / 4;
      EXPECT_LE(relative_gap(5, problem), 1e-8) << variant << " " << order;
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
  problem.strategy.set(GradientHistory::order, "cyclic");
  problem.stop.steps = 100;
  std::vector<RecordedRank> logs(4);
  TrainingHistory history;
  run_loopback(4, [&](Communicator& comm) {
    Recorder recorder{comm, logs[static_cast<std::size_t>(comm.rank())]};
    train(recorder, problem, history);
  });
  EXPECT_EQ(history.figures_of(0).back().step, 300);
  EXPECT_EQ(logs[0].bytes_sent(), 300u * 160);
  for (std::size_t worker = 1; worker < 4; ++worker)
    EXPECT_EQ(logs[worker].bytes_sent(), 100u * (160 + 16));
}

TEST(History, TakesNothingButARate) {
  TrainingProblem problem = ridge_problem(name, 0, 0.05);
  EXPECT_EQ(refusal_of_strategy(problem, 1), "");
  problem.optimiser = {};
  static_cast<Choice&>(problem.optimiser) = "adam";
  EXPECT_NE(refusal_of_strategy(problem, 4).find("takes nothing but a rate"), std::string::npos);
}

}  // namespace
}  // namespace troupe::algorithms
