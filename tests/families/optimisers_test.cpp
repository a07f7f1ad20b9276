// Optimisers and their policies, by numbers that can be worked out: on a constant gradient, on
// quadratics, and on the standard problem with one sample a step.

#include "algorithms/optimisers/optimiser.hpp"

#include <gtest/gtest.h>

#include "algorithms/optimisers/adam.hpp"
#include "algorithms/optimisers/clipping.hpp"
#include "algorithms/optimisers/momentum.hpp"
#include "algorithms/optimisers/polyak.hpp"
#include "algorithms/optimisers/schedule.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Doubles = std::vector<double>;

/// Takes steps from x along gradient(x), and returns the optimiser as it is then.
template <class Gradient>
std::unique_ptr<Optimiser> descend(const OptimiserChoice& choice, int steps, Doubles& x,
                                   const Gradient& gradient) {
  TrainingProblem problem;
  problem.optimiser = choice;
  auto optimiser = make_optimiser(problem, x.size());
  run_ranks(1, [&](Communicator& comm) {
    for (int step = 0; step < steps; ++step) {
      Doubles g = gradient(x);
      optimiser->step(comm, std::span{g}, std::span{x});
    }
  });
  return optimiser;
}

OptimiserChoice choice_of(const std::string& kind, double rate) {
  OptimiserChoice choice;
  static_cast<Choice&>(choice) = kind;
  choice.rate = rate;
  return choice;
}

Doubles ones(const Doubles& x) { return Doubles(x.size(), 1); }

TEST(Optimisers, GoAgainstTheGradient) {
  // (y − θx)² with x = 1, y = 2: the gradient at θ = 0 is −4
  Doubles x{0};
  descend(choice_of("sgd", 0.1), 1, x, [](const Doubles& at) { return Doubles{-2 * (2 - at[0])}; });
  EXPECT_DOUBLE_EQ(x[0], 0.4);
}

TEST(Optimisers, AllReachTheMinimumOfAQuadratic) {
  for (const OptimiserKind& line : optimiser_kinds()) {
    Doubles x{3, -2};
    OptimiserChoice choice = choice_of(std::string{line.kind.name}, 0.05);
    choice.schedule = "inverse_time";
    if (line.kind.name == "adagrad") choice.rate = 1;
    if (line.kind.name == "adamw") choice.set(AdamW::weight_decay, 0);
    const auto optimiser = descend(choice, 3000, x, [](const Doubles& at) {
      return Doubles{at[0] - 1, 4 * (at[1] - 1)};
    });
    const Doubles reached = to_doubles(optimiser->estimate(std::span{x}));
    EXPECT_NEAR(distance(reached, {1, 1}), 0, 0.05) << line.kind.name;
  }
}

TEST(Optimisers, RememberVectorsOfTheParametersSizeOnceTheyHaveBegun) {
  for (const OptimiserKind& line : optimiser_kinds()) {
    const std::string kind{line.kind.name};
    Doubles x{3, -2, 1};
    EXPECT_TRUE(descend(choice_of(kind, 0.1), 0, x, ones)->state().empty());
    const auto state = descend(choice_of(kind, 0.1), 1, x, ones);
    ASSERT_EQ(state->state().size(), static_cast<std::size_t>(line.remembers)) << kind;
    for (const Slice& vector : state->state()) EXPECT_EQ(vector.size(), 3u);
  }
}

TEST(Optimisers, OfFirstMomentsRememberOneVectorAndAdamTwo) {
  for (const auto& [kind, vectors] : {std::pair{"sgd", 0}, {"momentum", 1}, {"adam", 2}})
    EXPECT_EQ(find_optimiser(kind).remembers, vectors) << kind;
}

TEST(Optimisers, AreRefusedByTheNearestName) {
  OptimiserChoice choice = choice_of("adamm", 0.1);
  EXPECT_NE(refusal_of_optimiser(choice).find("did you mean \"adam\"?"), std::string::npos);
  choice = choice_of("adam", 0.1);
  EXPECT_EQ(refusal_of_optimiser(choice), "");
  choice.schedule = "cosinus";
  EXPECT_NE(refusal_of_optimiser(choice).find("did you mean \"cosine\"?"), std::string::npos);
}

TEST(MomentumOptimiser, SumsOrAveragesAConstantGradient) {
  // v after ten steps with g = 1, β = 0.9: 10 (1 − 0.9^10), a tenth of that as a mean
  OptimiserChoice choice = choice_of("momentum", 0.1);
  Doubles x{0};
  EXPECT_TRUE(prints_as(to_doubles(descend(choice, 10, x, ones)->state()[0])[0], "6.513215599"));
  choice.set(Momentum::form, "ema");
  EXPECT_TRUE(prints_as(to_doubles(descend(choice, 10, x, ones)->state()[0])[0], "0.6513215599"));
}

TEST(MomentumOptimiser, OfTheMeanIsTheHeavyBallAtARateDividedByOneMinusBeta) {
  const auto quadratic = [](const Doubles& at) { return Doubles{3 * at[0], 0.5 * at[1]}; };
  for (const bool nesterov : {false, true}) {
    Doubles heavy{1, -2}, mean = heavy;
    OptimiserChoice choice = choice_of("momentum", 0.01);
    choice.set(Momentum::nesterov, nesterov);
    descend(choice, 20, heavy, quadratic);
    choice.rate = 0.1;
    choice.set(Momentum::form, "ema");
    descend(choice, 20, mean, quadratic);
    EXPECT_LE(distance(heavy, mean), 1e-14);
  }
}

TEST(MomentumOptimiser, HasItsOptimalRateOnAQuadratic) {
  // L = 100, μ = 1: α = 4/(√L+√μ)² = 0.033058, β = ((√κ−1)/(√κ+1))² = 0.669421 shrink the error by
  // √β = 0.818182 a step, α = 2/(L+μ) alone by 0.980198.
  const auto quadratic = [](const Doubles& at) { return Doubles{at[0], 100 * at[1]}; };
  const double rate = 4.0 / 121, beta = 81.0 / 121;
  EXPECT_TRUE(prints_as(rate, "0.033058"));
  EXPECT_TRUE(prints_as(beta, "0.669421"));
  OptimiserChoice choice = choice_of("momentum", rate);
  choice.set(Momentum::momentum, beta);
  std::vector<Doubles> way;
  for (int step = 0; step <= 7; ++step) {
    way.push_back({1, 1});
    descend(choice, step, way.back(), quadratic);
  }
  // e_{k+2} = p e_{k+1} − q e_k in each direction; four errors give p and q, and the rate is √q,
  // where the two roots are one, p² = 4q.
  for (const std::size_t i : {0, 1}) {
    const double a = way[4][i], b = way[5][i], c = way[6][i], d = way[7][i];
    const double q = (c * c - b * d) / (b * b - a * c), p = (b * c - a * d) / (b * b - a * c);
    EXPECT_TRUE(prints_as(std::sqrt(q), "0.818182"));
    EXPECT_NEAR(p * p, 4 * q, 1e-10);
  }
  const auto plain = choice_of("sgd", 2.0 / 101);
  Doubles before{1, 1}, after{1, 1};
  descend(plain, 100, before, quadratic);
  descend(plain, 101, after, quadratic);
  EXPECT_TRUE(prints_as(norm(after) / norm(before), "0.980198"));
}

TEST(AdamWOptimiser, DecaysParametersThatHaveNoGradient) {
  OptimiserChoice choice = choice_of("adamw", 0.1);
  choice.set(AdamW::weight_decay, 0.5);
  Doubles x{2};
  const auto nothing = [](const Doubles& at) { return Doubles(at.size(), 0); };
  descend(choice, 3, x, nothing);
  EXPECT_NEAR(x[0], 2 * 0.95 * 0.95 * 0.95, 1e-15);
  descend(choice_of("adam", 0.1), 3, x, nothing);
  EXPECT_NEAR(x[0], 2 * 0.95 * 0.95 * 0.95, 1e-15);
}

TEST(PolyakOptimiser, LowersItsRateAndAveragesWhatComesAfterItsStart) {
  OptimiserChoice choice = choice_of("polyak", 0.5);
  choice.set(Polyak::decay, 2).set(Polyak::power, 0.75).set(Polyak::average_from, 2);
  Doubles x{0};
  const auto first = descend(choice, 2, x, ones);
  EXPECT_NEAR(x[0], -0.5 - 0.5 * std::pow(2, -0.75), 1e-15);
  EXPECT_EQ(to_doubles(first->estimate(std::span{x})), x);
  Doubles y{0};
  const auto later = descend(choice, 4, y, ones);
  const double third = -0.5 * (1 + std::pow(2, -0.75) + std::pow(3, -0.75));
  EXPECT_NEAR(y[0], third - 0.5 * std::pow(4, -0.75), 1e-15);
  EXPECT_NEAR(to_doubles(later->estimate(std::span{y}))[0], (third + y[0]) / 2, 1e-15);
}

TEST(Schedules, HaveTheFactorsOfTheirFormulas) {
  Choice schedule{"constant"};
  EXPECT_EQ(factor_of_schedule(schedule, 12345), 1);
  schedule = "step";
  schedule.set("every", std::int64_t{10});
  schedule.set("factor", 0.5);
  EXPECT_EQ(factor_of_schedule(schedule, 9), 1);
  EXPECT_EQ(factor_of_schedule(schedule, 10), 0.5);
  EXPECT_EQ(factor_of_schedule(schedule, 35), 0.125);
  schedule = "inverse_time";
  schedule.set("decay", 0.5);
  EXPECT_EQ(factor_of_schedule(schedule, 0), 1);
  EXPECT_EQ(factor_of_schedule(schedule, 6), 0.25);
  schedule.set("power", 0.5);
  EXPECT_DOUBLE_EQ(factor_of_schedule(schedule, 6), 0.5);
  schedule = "cosine";
  schedule.set("over", std::int64_t{100});
  schedule.set("least", 0.2);
  EXPECT_EQ(factor_of_schedule(schedule, 0), 1);
  EXPECT_DOUBLE_EQ(factor_of_schedule(schedule, 50), 0.6);
  EXPECT_DOUBLE_EQ(factor_of_schedule(schedule, 100), 0.2);
  EXPECT_DOUBLE_EQ(factor_of_schedule(schedule, 1000), 0.2);
}

TEST(Schedules, AllWarmUpWhereTold) {
  for (const Kind& kind : kinds_of_schedules()) {
    Choice cold{std::string{kind.name}}, warm = cold;
    warm.set("warm_up", std::int64_t{4});
    for (const std::int64_t k : {0, 1, 2, 3, 4, 100})
      EXPECT_DOUBLE_EQ(factor_of_schedule(warm, k),
                       factor_of_schedule(cold, k) * std::min(1.0, static_cast<double>(k + 1) / 4))
          << kind.name;
  }
}

TEST(Schedules, SetTheRateOfAnyOptimiser) {
  OptimiserChoice choice = choice_of("sgd", 0.5);
  choice.schedule = "step";
  choice.schedule.set("every", std::int64_t{2});
  choice.schedule.set("factor", 0.1);
  Doubles x{0};
  descend(choice, 4, x, ones);
  EXPECT_NEAR(x[0], -0.5 * (1 + 1 + 0.1 + 0.1), 1e-15);
}

TEST(Clipping, ShortensLongGradientsAndLeavesShortOnes) {
  OptimiserChoice choice = choice_of("sgd", 1);
  choice.clip = 1;
  Doubles x{0, 0};
  descend(choice, 1, x, [](const Doubles&) { return Doubles{3, -4}; });
  EXPECT_NEAR(distance(x, {-0.6, 0.8}), 0, 1e-15);
  x = {0, 0};
  descend(choice, 1, x, [](const Doubles&) { return Doubles{0.3, -0.4}; });
  EXPECT_EQ(x, (Doubles{-0.3, 0.4}));
}

Doubles trained(const TrainingProblem& problem, int ranks = 1) {
  TrainingHistory history;
  train(ranks, problem, history);
  return history.final_parameters().at(0);
}

TEST(Batches, OfAllSamplesGiveTheGradientOfTheWhole) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.stop.steps = 20;
  const Doubles whole = trained(problem);
  problem.batch = 10000;
  problem.data.sampling = "in_order";
  EXPECT_LE(distance(trained(problem), whole), 1e-13 * norm(whole));
}

TEST(Accumulation, OfBatchesIsTheBatchOfThemAll) {
  // On one rank and on several, where the mean travels once.
  for (const int ranks : {1, 3}) {
    TrainingProblem problem = standard_problem("data_parallel");
    problem.data.sampling = "in_order";
    problem.stop.steps = 20;
    problem.batch = 40;
    const Doubles together = trained(problem, ranks);
    problem.batch = 10;
    problem.optimiser.accumulate = 4;
    const Doubles accumulated = trained(problem, ranks);
    EXPECT_LE(distance(accumulated, together), 1e-13 * norm(together));
    problem.optimiser.accumulate = 1;
    EXPECT_GT(distance(trained(problem, ranks), together), 1e-3 * norm(together));
  }
}

TEST(Accumulation, IsRefusedWhereABatchIsTheWholeShard) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.optimiser.accumulate = 2;
  EXPECT_EQ(refusal_of_strategy(problem, 2),
            "gradients of batches are accumulated, but the batch is the whole shard");
}

/// The standard problem with one sample a step.
TrainingProblem of_single_samples(const std::string& optimiser, double rate, std::int64_t steps,
                                  std::uint64_t seed) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.batch = 1;
  problem.seed = seed;
  problem.evaluate_every = 10000;
  problem.stop.steps = steps;
  problem.optimiser = choice_of(optimiser, rate);
  return problem;
}

/// The gap of the average of the second half of so many steps.
double tail_gap(double rate, std::int64_t steps, std::uint64_t seed) {
  TrainingProblem problem = of_single_samples("polyak", rate, steps, seed);
  problem.optimiser.set(Polyak::decay, 0).set(Polyak::average_from, steps / 2);
  TrainingHistory history;
  train(1, problem, history);
  return *history.summary().back().gap;
}

TEST(TailAverage, LosesTheNoiseThatTheLastIterateKeeps) {
  // Means of five seeds, after 10,000 steps and after 40,000.
  for (const double rate : {0.5, 1.0}) {
    double last = 0, last_later = 0, tail = 0, tail_later = 0;
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
      TrainingHistory history;
      train(1, of_single_samples("sgd", rate, 40000, seed), history);
      const auto lines = history.summary();
      last += *lines[1].gap / 5;
      last_later += *lines[4].gap / 5;
      tail += tail_gap(rate, 10000, seed) / 5;
      tail_later += tail_gap(rate, 40000, seed) / 5;
    }
    EXPECT_GE(last / tail, 30) << rate;
    EXPECT_GE(tail / tail_later, 3.5) << rate;  // as 1/T
    EXPECT_LE(tail / tail_later, 6.5) << rate;
    EXPECT_LE(last / last_later, 2) << rate;
  }
}

}  // namespace
}  // namespace troupe::algorithms
