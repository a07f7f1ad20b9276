// Zero-gradient-sum on the published problem. With γ_max = 2/μ_max, μ the eigenvalues of A⁻¹(𝕃 ⊗
// I), it converges below γ_max and diverges above; the error after k steps is that of W(k) = [I − γ
// A⁻¹(𝕃 ⊗ I)]ᵏ W(0), which the traces pin to eight digits.

#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"

#include <gtest/gtest.h>

#include "tests/families/printed.hpp"
#include "tests/families/quadratic_network.hpp"

namespace troupe::algorithms {
namespace {

TEST(ZeroGradientSum, FollowsThePublishedTraceOnTheRing) {
  const TrainingProblem problem = on_graph("ring", 1, 1000);
  TrainingHistory history;
  train(10, problem, history);
  const QuadraticNetwork network{problem, 10};
  const std::vector<double> errors = errors_of(history);
  const struct {
    std::int64_t step;
    const char *error, *lyapunov;
  } published[] = {{0, "4.2338522e-3", "2.6274836e-4"},   {1, "1.9676503e-3", "1.6436568e-4"},
                   {10, "8.5715708e-4", "6.7063716e-5"},  {100, "1.8371663e-4", "9.0215963e-6"},
                   {500, "2.6204655e-5", "3.2005131e-7"}, {1000, "5.0560077e-6", "1.3912704e-8"}};
  for (const auto& [step, error, lyapunov] : published) {
    EXPECT_TRUE(prints_as(errors[static_cast<std::size_t>(step)], error)) << step;
    EXPECT_TRUE(prints_as(network.lyapunov(history.parameters_at(step)), lyapunov)) << step;
  }
}

TEST(ZeroGradientSum, FollowsThePublishedTraceOnTheCompleteGraph) {
  TrainingHistory history;
  train(10, on_graph("complete", 0.4, 500), history);
  const std::vector<double> errors = errors_of(history);
  EXPECT_TRUE(prints_as(errors[1], "1.7729906e-3"));
  EXPECT_TRUE(prints_as(errors[10], "4.8401603e-4"));
  EXPECT_TRUE(prints_as(errors[100], "1.2974710e-5"));
  EXPECT_TRUE(prints_as(errors[500], "2.683e-10"));
}

TEST(ZeroGradientSum, HasThePublishedStepLimits) {
  EXPECT_NEAR(largest_step_on("path"), 1.36882, 1e-4);
  EXPECT_NEAR(largest_step_on("ring"), 1.34186, 1e-4);
  EXPECT_NEAR(largest_step_on("edges"), 0.97526, 1e-4);
  EXPECT_NEAR(largest_step_on("complete"), 0.51921, 1e-4);
}

TEST(ZeroGradientSum, TakesThePublishedNumberOfStepsOnTheRing) {
  TrainingHistory history;
  train(10, on_graph("ring", 0.9 * largest_step_on("ring"), 1320), history);
  EXPECT_NEAR(steps_to(1e-6, history), 1290, 13);
}

TEST(ZeroGradientSum, TakesThePublishedNumberOfStepsOnTheCompleteGraph) {
  TrainingHistory history;
  train(10, on_graph("complete", 0.9 * largest_step_on("complete"), 170), history);
  EXPECT_NEAR(steps_to(1e-6, history), 156, 2);
}

TEST(ZeroGradientSum, TakesThePublishedNumberOfStepsOnARandomGraph) {
  TrainingHistory history;
  train(10, on_graph("edges", 0.9 * largest_step_on("edges"), 1700), history);
  EXPECT_NEAR(steps_to(1e-6, history), 1661, 17);
}

TEST(ZeroGradientSum, ConvergesJustBelowTheLimitOfTheStep) {
  TrainingHistory history;
  train(10, on_graph("ring", 0.999 * largest_step_on("ring"), 2950), history);
  EXPECT_NEAR(steps_to(1e-6, history), 2868, 29);
}

TEST(ZeroGradientSum, DivergesJustAboveTheLimitOfTheStep) {
  // The fastest mode grows by |1 − 1.001 · 2| = 1.002 a step: by e⁶ in 3000 steps.
  TrainingProblem problem = on_graph("ring", 1.001 * largest_step_on("ring"), 6000);
  problem.evaluate_every = 3000;
  TrainingHistory history;
  train(10, problem, history);
  const std::vector<double> errors = errors_of(history);
  EXPECT_NEAR(std::log(errors[2] / errors[1]), 3000 * std::log(1.002), 0.1);
}

TEST(ZeroGradientSum, KeepsTheSumOfGradientsAtZeroAndLowersLyapunovsFunction) {
  // For every step γ below the limit, not for a good one only.
  for (const auto& [kind, share] : {std::pair{"path", 0.9},
                                    {"ring", 0.1},
                                    {"ring", 0.5},
                                    {"ring", 0.9},
                                    {"ring", 0.999},
                                    {"edges", 0.9},
                                    {"star", 0.9},
                                    {"complete", 0.25},
                                    {"complete", 0.9}}) {
    const TrainingProblem problem = on_graph(kind, share * largest_step_on(kind), 300);
    TrainingHistory history;
    train(10, problem, history);
    const QuadraticNetwork network{problem, 10};
    double before = 1e300;
    for (std::int64_t step = 0; step <= 300; ++step) {
      const auto states = history.parameters_at(step);
      EXPECT_LE(network.gradient_sum(states), 4e-15) << kind << share << " " << step;
      const double now = network.lyapunov(states);
      EXPECT_LT(now, before) << kind << share << " " << step;
      before = now;
    }
  }
}

TEST(ZeroGradientSum, ReportsItsInvariantAndItsDisagreement) {
  TrainingProblem problem = on_graph("ring", 1, 200);
  problem.evaluate_every = 100;
  TrainingHistory history;
  train(10, problem, history);
  const auto lines = history.summary();
  ASSERT_EQ(lines.size(), 3u);
  for (const auto& line : lines) EXPECT_LE(*line.gradient_sum, 1e-10);
  EXPECT_LT(*lines[2].disagreement, *lines[1].disagreement);
  EXPECT_LT(*lines[1].disagreement, *lines[0].disagreement);
  EXPECT_LT(*history.figures_of(3).back().disagreement, 1e-3);
}

TEST(ZeroGradientSum, AgreesOnASafeStepByItself) {
  // ring: λmax = 4 = max(d_i + d_j), so γ = 0.9 · 2θ/4 with θ = 2.5903888
  TrainingHistory chosen, computed;
  TrainingProblem problem = on_graph("ring", 0, 100);
  train(10, problem, chosen);
  problem.optimiser.rate = 0.9 * 2 * 2.5903888 / 4;
  train(10, problem, computed);
  EXPECT_NEAR(errors_of(chosen)[100], errors_of(computed)[100], 1e-7 * errors_of(computed)[100]);
}

TEST(ZeroGradientSum, EndsWhenAllNodesHaveReachedTheError) {
  TrainingProblem problem = on_graph("complete", 0.45, 1000);
  problem.evaluate_every = 0;
  problem.stop.error = 1e-4;
  problem.stop.check_every = 10;
  TrainingHistory history;
  train(10, problem, history);
  const std::vector<double> errors = errors_of(history);
  EXPECT_LE(errors.back(), 1e-4);
  EXPECT_GT(errors[errors.size() - 2], 1e-4);
}

TEST(ZeroGradientSum, EndsOnDisagreementWhereNobodyKnowsTheOptimum) {
  TrainingProblem problem = on_graph("complete", 0.45, 1000);
  problem.evaluate_every = 0;
  problem.stop.disagreement = 1e-5;
  problem.stop.check_every = 10;
  TrainingHistory history;
  train(10, problem, history);
  for (Rank node = 0; node < 10; ++node)
    EXPECT_LE(*history.figures_of(node).back().disagreement, 1e-5);
  EXPECT_LT(history.figures_of(0).back().step, 1000);
}

TEST(ZeroGradientSum, ReachesTheSameOptimumWithMetropolisWeights) {
  TrainingProblem problem = on_graph("ring", 0, 4000);
  problem.evaluate_every = 4000;
  problem.graph.weights = "metropolis";
  TrainingHistory history;
  train(10, problem, history);
  EXPECT_LE(errors_of(history).back(), 1e-6);
}

TEST(ZeroGradientSum, RefusesGraphsThatCannotCarryIt) {
  TrainingProblem problem = on_graph("edges", 1, 1);
  problem.graph.edges = {{0, 1}, {2, 3}};
  EXPECT_EQ(find_strategy("zero_gradient_sum").refusal(problem, 4),
            "the graph is not connected: 2 of 4 ranks can be reached from rank 0");
  problem.graph.edges = {{0, 1}, {1, 0}, {1, 2}};
  EXPECT_EQ(find_strategy("zero_gradient_sum").refusal(problem, 3), "edge (0, 1) is given twice");
  problem.graph.edges = {{0, 5}};
  EXPECT_EQ(find_strategy("zero_gradient_sum").refusal(problem, 2),
            "edge (0, 5) does not join two of 2 ranks");
  problem.graph.kind = "rings";
  EXPECT_EQ(
      find_strategy("zero_gradient_sum").refusal(problem, 2),
      "unknown graph \"rings\", not one of ring, path, complete, star, hypercube, torus, random, "
      "edges, directed_ring, arrows, did you mean \"ring\"?");
}

}  // namespace
}  // namespace troupe::algorithms
