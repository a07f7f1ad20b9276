// The step of zero-gradient-sum, stated as it is or as a share of its limit, on graphs with edges
// and with arrows, with weights and without.

#include <gtest/gtest.h>

#include <numbers>

#include "algorithms/zero_gradient_sum/delayed.hpp"
#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/quadratic_network.hpp"

namespace troupe::algorithms {
namespace {

TEST(ZeroGradientSumSteps, AreStatedAsTheyAreOrAsSharesOfTheirLimit) {
  const auto end_of = [](TrainingProblem problem, const char* rate_is) {
    problem.strategy.set(StatedStep::rate_is, rate_is);
    problem.evaluate_every = problem.stop.steps;
    TrainingHistory history;
    train(10, problem, history);
    return history.final_parameters();
  };
  const auto expect_same = [&](TrainingProblem problem, const char* rate_is, double step) {
    const auto by_share = end_of(problem, rate_is);
    problem.optimiser.rate = step;
    const auto by_step = end_of(problem, "itself");
    for (const auto& [node, values] : by_share)
      EXPECT_LE(distance(values, by_step.at(node)), 1e-9 * norm(values)) << rate_is << step;
  };
  TrainingProblem edges = on_graph("edges", 0.9, 60);
  expect_same(edges, "share_of_largest", 0.9 * largest_step_on("edges"));
  const QuadraticNetwork network{edges, 10};
  expect_same(edges, "share_of_best", 0.9 * network.best_step(Graph{edges.graph, 10}));
  edges.strategy.set(ZeroGradientSum::edge_matrix, "of_ends");
  expect_same(edges, "share_of_best",
              0.9 * network.best_step(Graph{edges.graph, 10}, EdgeMatrix::of_ends));
  const TrainingProblem arrows = on_graph("directed_ring", 0.9, 60);
  const std::vector<double> ones(10, 1);
  expect_same(arrows, "share_of_largest",
              0.9 * network.largest_directed_step(Graph{arrows.graph, 10}, ones));
  TrainingProblem delayed = on_graph("ring", 0.9, 60);
  delayed.strategy = "delayed_zero_gradient_sum";
  delayed.strategy.set(Delayed::delay, 2);
  expect_same(delayed, "share_of_largest",
              0.9 * largest_step_on("ring") * std::sin(std::numbers::pi / 10));
}

TEST(ZeroGradientSumSteps, HaveLimitsOnDirectedGraphsToo) {
  TrainingProblem problem = on_graph("directed_ring", 1, 1);
  EXPECT_TRUE(prints_as(*step_limit(problem, 10), "2.68937"));
  problem = on_graph("arrows", 1, 1);
  EXPECT_TRUE(prints_as(*step_limit(problem, 10), "1.88674"));
  problem.optimiser.rate = 1.9;
  TrainingHistory history;
  train(10, problem, history);
  ASSERT_EQ(history.notes().size(), 1u);
  EXPECT_TRUE(history.notes()[0].starts_with("the step 1.9 is outside its range, 0 to 1.8867"))
      << history.notes()[0];
  problem.strategy.set(StatedStep::rate_is, "share_of_largest");
  problem.optimiser.rate = 0.5;
  TrainingHistory by_share;
  train(10, problem, by_share);
  ASSERT_EQ(by_share.notes().size(), 1u);
  EXPECT_TRUE(by_share.notes()[0].starts_with("the step is 0.9433")) << by_share.notes()[0];
  EXPECT_NE(by_share.notes()[0].find(": 0.500000 of the largest that converges, 1.8867"),
            std::string::npos)
      << by_share.notes()[0];
  problem.strategy.set(StatedStep::rate_is, "share_of_best");
  EXPECT_EQ(refusal_of_strategy(problem, 10),
            "rate_is \"share_of_best\" is for graphs with edges; \"arrows\" has arrows");
  problem.strategy.set(StatedStep::rate_is, "share_of_largest");
  problem.model.set(LeastSquares::features, 200);
  EXPECT_EQ(refusal_of_strategy(problem, 10),
            "rate_is \"share_of_largest\" needs the spectrum of 2000 values, more than 640; state "
            "the step itself");
}

TEST(ZeroGradientSumSteps, PartConvergenceFromDivergenceOfOldEstimatesOnArrows) {
  for (const char* graph : {"directed_ring", "arrows"}) {
    TrainingProblem problem = on_graph(graph, 0.98, 12000);
    problem.strategy = "delayed_zero_gradient_sum";
    problem.strategy.set(Delayed::delay, 2);
    problem.strategy.set(StatedStep::rate_is, "share_of_largest");
    problem.evaluate_every = 4000;
    TrainingHistory below, above, safe;
    train(10, problem, below);
    EXPECT_LT(errors_of(below)[3], 0.1 * errors_of(below)[2]) << graph;
    problem.optimiser.rate = 1.02;
    train(10, problem, above);
    EXPECT_GT(errors_of(above)[3], 7 * errors_of(above)[2]) << graph;
    EXPECT_EQ(above.notes().size(), 2u);
    // with real eigenvalues a delay of 2 leaves sin(π/10) = 0.309 of the limit, with these less
    const TrainingProblem plain = on_graph(graph, 1, 1);
    EXPECT_LT(*step_limit(plain, 10, EdgeMatrix::none, 2),
              0.9 * std::sin(std::numbers::pi / 10) * *step_limit(plain, 10));
    problem.optimiser.rate = 0;
    train(10, problem, safe);
    EXPECT_LT(errors_of(safe)[3], 0.1 * errors_of(safe)[2]) << graph;
  }
}

TEST(ZeroGradientSumSteps, AreRefusedWhereArrowsWouldNotKeepTheSum) {
  TrainingProblem problem = on_graph("directed_ring", 1, 1);
  problem.strategy.set(ZeroGradientSum::edge_matrix, "of_ends");
  EXPECT_EQ(refusal_of_strategy(problem, 10),
            "edge_matrix \"of_ends\" is for graphs with edges, where one end loses what the other "
            "gains; \"directed_ring\" has arrows");
  problem.strategy.set(ZeroGradientSum::edge_matrix, "of_all");
  EXPECT_EQ(refusal_of_strategy(problem, 10), "");
  problem.strategy = "continuous_zero_gradient_sum";
  problem.strategy.set("interaction", "tanh");
  EXPECT_EQ(refusal_of_strategy(problem, 10),
            "interaction \"tanh\" is for graphs with edges, where one end loses what the other "
            "gains; \"directed_ring\" has arrows");
  problem.strategy.set("interaction", "gradient");
  EXPECT_EQ(refusal_of_strategy(problem, 10), "");
}

TEST(ZeroGradientSumSteps, PartConvergenceFromDivergenceWithWeightsOnEdges) {
  TrainingProblem problem = on_graph("edges", 0.9, 5000);
  for (std::size_t k = 0; k < random_edges.size(); ++k)
    problem.graph.edge_weights.push_back(0.5 + static_cast<double>(k % 4));
  problem.strategy.set(StatedStep::rate_is, "share_of_largest");
  const QuadraticNetwork network{problem, 10};
  EXPECT_NEAR(*step_limit(problem, 10), network.largest_step(Graph{problem.graph, 10}), 1e-6);
  const double steps = steps_to(1e-6, problem);
  EXPECT_GT(steps, 0);
  problem.evaluate_every = 5000;
  TrainingHistory end;
  train(10, problem, end);
  EXPECT_LE(network.gradient_sum(end.parameters_at(5000)), 4e-15);
  problem.optimiser.rate = 1.001;
  problem.evaluate_every = 2000;
  problem.stop.steps = 6000;
  TrainingHistory history;
  train(10, problem, history);
  EXPECT_GT(errors_of(history)[3], 7 * errors_of(history)[2]);
}

}  // namespace
}  // namespace troupe::algorithms
