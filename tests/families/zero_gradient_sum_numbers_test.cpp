// The published tables of zero-gradient-sum: how many steps to a relative error of 1e-6 on which
// graph, with which step, for how many nodes and which data. Within 1 %, the limits of the step
// within 1e-4.

#include <gtest/gtest.h>

#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/quadratic_network.hpp"

namespace troupe::algorithms {
namespace {

struct Row {
  std::string graph;
  double step;
  int steps;
  friend void PrintTo(const Row& row, std::ostream* out) {
    *out << row.graph << " " << row.step << " " << row.steps;
  }
};

double counted(const Row& row) {
  return steps_to(1e-6, on_graph(row.graph, row.step, row.steps + row.steps / 50 + 2));
}

class PublishedSteps : public testing::TestWithParam<Row> {};
TEST_P(PublishedSteps, AreTaken) {
  const double tolerance = std::max(1.0, 0.01 * GetParam().steps);
  EXPECT_NEAR(counted(GetParam()), GetParam().steps, tolerance);
}

/// Shares of γ_max: .5 and .9; then γ* and 2θ/λmax of the fast ones.
INSTANTIATE_TEST_SUITE_P(
    Sample, PublishedSteps,
    testing::Values(Row{"path", 0.9 * 1.36882, 4320}, Row{"ring", 0.5 * 1.34186, 2323},
                    Row{"ring", 0.9 * 1.34186, 1290}, Row{"ring", 1.29519, 1202},
                    Row{"edges", 0.9 * 0.97526, 1661}, Row{"edges", 0.93703, 1555},
                    Row{"complete", 0.1 * 0.51921, 1425}, Row{"complete", 0.25 * 0.51921, 569},
                    Row{"complete", 0.5 * 0.51921, 283}, Row{"complete", 0.9 * 0.51921, 156},
                    Row{"complete", 0.51152, 249}, Row{"ring", 1.0, 1558}, Row{"ring", 1.2, 1298},
                    Row{"ring", 1.25, 1246}, Row{"ring", 1.28, 1217}, Row{"ring", 1.30, 1198},
                    Row{"ring", 1.32, 1180}));
INSTANTIATE_TEST_SUITE_P(
    Exhaustive, PublishedSteps,
    testing::Values(Row{"path", 0.1 * 1.36882, 38887}, Row{"path", 0.25 * 1.36882, 15554},
                    Row{"path", 0.5 * 1.36882, 7776}, Row{"path", 1.36826, 7545},
                    Row{"path", 1.32769, 4008}, Row{"path", 0.999 * 1.36882, 3890},
                    Row{"ring", 0.1 * 1.34186, 11620}, Row{"ring", 0.25 * 1.34186, 4647},
                    Row{"ring", 1.33977, 1837}, Row{"ring", 0.999 * 1.34186, 2868},
                    Row{"edges", 0.1 * 0.97526, 14960}, Row{"edges", 0.25 * 0.97526, 5983},
                    Row{"edges", 0.5 * 0.97526, 2991}, Row{"edges", 0.97415, 2721},
                    Row{"edges", 0.999 * 0.97526, 3097}, Row{"complete", 0.51808, 1704},
                    Row{"complete", 0.999 * 0.51921, 3732}, Row{"ring", 0.1, 15594},
                    Row{"ring", 0.2, 7796}, Row{"ring", 0.5, 3117}));

/// The columns of the table of graphs: of the Laplacian, of A⁻¹(𝕃 ⊗ I), and what follows of them.
struct Spectrum {
  const char *graph, *second, *largest, *slowest, *fastest, *sufficient, *limit, *best;
};
class PublishedSpectra : public testing::TestWithParam<Spectrum> {};
TEST_P(PublishedSpectra, AreThoseOfTheNetwork) {
  const Spectrum& row = GetParam();
  const TrainingProblem problem = on_graph(row.graph, 1, 1);
  const Graph graph{problem.graph, 10};
  const std::vector<double> laplacian = spectrum_of(graph);
  EXPECT_TRUE(prints_as(laplacian[1], row.second));
  EXPECT_TRUE(prints_as(laplacian[9], row.largest));
  const QuadraticNetwork network{problem, 10};
  const auto values = network.eigenvalues(graph);
  EXPECT_TRUE(prints_as(values.front(), row.slowest));
  EXPECT_TRUE(prints_as(values.back(), row.fastest));
  EXPECT_TRUE(prints_as(2 * 2.5903888 / laplacian[9], row.sufficient));
  EXPECT_TRUE(prints_as(network.largest_step(graph), row.limit));
  EXPECT_TRUE(prints_as(network.best_step(graph), row.best));
  EXPECT_GE(values.front(), laplacian[1] / 173.3690326);  // μ2 ≥ λ2/Θ
  EXPECT_LE(values.back(), laplacian[9] / 2.5903888);
}
INSTANTIATE_TEST_SUITE_P(Published, PublishedSpectra,
                         testing::Values(Spectrum{"path", "0.0979", "3.9021", "0.000598", "1.46111",
                                                  "1.32769", "1.36882", "1.36826"},
                                         Spectrum{"ring", "0.3820", "4", "0.002328", "1.49046",
                                                  "1.29519", "1.34186", "1.33977"},
                                         Spectrum{"edges", "0.3820", "5.5289", "0.002337",
                                                  "2.05074", "0.93703", "0.97526", "0.97415"},
                                         Spectrum{"complete", "10", "10", "0.057968", "3.85198",
                                                  "0.51808", "0.51921", "0.51152"}),
                         [](const auto& one) { return std::string{one.param.graph}; });

TEST(PublishedLimits, PartConvergenceFromDivergence) {
  // Above the limit the fastest mode grows by 2.002 − 1 a step: by e⁴ in 2000.
  for (const char* graph : {"path", "ring", "edges", "complete"}) {
    TrainingProblem problem = on_graph(graph, 1.001 * largest_step_on(graph), 6000);
    problem.evaluate_every = 2000;
    TrainingHistory history;
    train(10, problem, history);
    const auto errors = errors_of(history);
    EXPECT_GT(errors[3], 7 * errors[2]) << graph;
  }
  for (const double step : {1.35, 1.40}) {
    TrainingProblem problem = on_graph("ring", step, 2000);
    problem.evaluate_every = 1000;
    TrainingHistory history;
    train(10, problem, history);
    EXPECT_GT(errors_of(history)[2], errors_of(history)[1]) << step;
  }
}

TEST(PublishedProblem, IsTheOneGenerated) {
  const QuadraticNetwork network{published_problem(10), 10};
  EXPECT_NEAR(network.matrices[0](0, 0), 35.535838757314, 1e-8 * 35.5);
  EXPECT_NEAR(network.matrices[0](9, 10), 36.778920369297, 1e-8 * 36.8);
  EXPECT_NEAR(network.vectors[0](10), 78.423663276039, 1e-8 * 78.4);
  EXPECT_NEAR(network.optimum.norm(), 1.06188711838497, 1e-8);
  const double optimum[] = {
      -0.0621875171083828, 0.0406153883433019, 0.0896094037191094, 0.0658294970147156,
      -0.0507134380810192, -0.151248557221419, -0.122077102265738, 0.0848664595740193,
      0.379959493177245,   0.594995096719581,  0.594955901193944,  0.379955347883981,
      0.0848803399564275,  -0.122105796282951, -0.15114067730859,  -0.0508301057424489,
      0.0659855247443219,  0.0895036465635077, 0.0407330204968338, -0.0622738180122659};
  for (int j = 0; j < 20; ++j)
    EXPECT_NEAR(network.optimum(j), optimum[j], 1e-8 * std::abs(optimum[j])) << j;
  // ½ RMSE² is the loss without the ridge
  TrainingProblem without = published_problem(10);
  const std::vector<double> w(network.optimum.begin(), network.optimum.end());
  without.model.set(LeastSquares::ridge, 0);
  const double loss = Learner{without, 0, 1}.evaluate(ConstSlice{std::span{w}})->loss;
  EXPECT_NEAR(std::sqrt(2 * loss), 9.72151647e-4, 1e-8 * 9.7e-4);
  const auto [theta, smoothness] = network.convexity();
  EXPECT_NEAR(theta, 2.5903888, 5e-8);
  EXPECT_NEAR(smoothness, 173.3690326, 5e-8);
}

TEST(PublishedProblem, IsSolvedExactlyByWeightedAveragesOfLocalOptima) {
  const TrainingProblem problem = on_graph("ring", 1, 1);
  const QuadraticNetwork network{problem, 10};
  TrainingHistory history;
  train(10, problem, history);
  const States optima = history.parameters_at(0);
  EXPECT_LE((network.meeting_point(optima) - network.optimum).norm(), 1e-14);  // published 3e-15
  // divide and conquer: one average, without weights
  const auto error_of_mean = [](const States& states, const QuadraticNetwork& of) {
    Vector mean = Vector::Zero(20);
    for (const auto& [node, values] : states)
      mean += Eigen::Map<const Vector>{values.data(), 20} / 10;
    return (mean - of.optimum).norm() / of.optimum.norm();
  };
  EXPECT_TRUE(prints_as(error_of_mean(optima, network), "3.70e-4"));
  TrainingProblem sorted = problem;
  sorted.model.set(LeastSquares::ridge, 10);
  sorted.data.partition = "sorted";
  TrainingHistory unlike;
  train(10, sorted, unlike);
  const QuadraticNetwork far_apart{sorted, 10};
  EXPECT_GE(error_of_mean(unlike.parameters_at(0), far_apart), 100 * 3.70e-4);
  EXPECT_LE((far_apart.meeting_point(unlike.parameters_at(0)) - far_apart.optimum).norm(), 1e-13);
}

/// The step limit and the steps with γ*, of so many nodes with σ_i = 0.1 each.
struct Nodes {
  std::string graph;
  int nodes;
  const char *limit, *theta;
  int steps;
  friend void PrintTo(const Nodes& row, std::ostream* out) { *out << row.graph << row.nodes; }
};
class PublishedNodes : public testing::TestWithParam<Nodes> {};
TEST_P(PublishedNodes, TakeSoManySteps) {
  const auto& [graph, nodes, limit, theta, steps] = GetParam();
  TrainingProblem problem = on_graph(graph, 1, steps + steps / 50 + 3);
  problem.model.set(LeastSquares::ridge, 0.1 * nodes);
  const QuadraticNetwork network{problem, nodes};
  const Graph ways{problem.graph, nodes};
  // The limit of four on all pairs is 3.29623, by three ways to compute it; 3.2963 is published.
  EXPECT_NEAR(network.largest_step(ways), std::atof(limit), 1e-4 * std::atof(limit));
  EXPECT_TRUE(prints_as(network.convexity().first, theta));
  problem.optimiser.rate = network.best_step(ways);
  EXPECT_NEAR(std::ceil(steps_to(1e-6, problem, nodes)), steps, std::max(1.0, 0.01 * steps));
}
INSTANTIATE_TEST_SUITE_P(Published, PublishedNodes,
                         testing::Values(Nodes{"complete", 2, "13.322", "13.280", 112},
                                         Nodes{"ring", 4, "3.3348", "6.563", 257},
                                         Nodes{"complete", 4, "3.2963", "6.563", 145},
                                         Nodes{"hypercube", 4, "3.3350", "6.563", 217},
                                         Nodes{"ring", 8, "1.67039", "3.188", 787},
                                         Nodes{"complete", 8, "0.80115", "3.188", 198},
                                         Nodes{"hypercube", 8, "1.11356", "3.188", 627},
                                         Nodes{"complete", 10, "0.51921", "2.590", 249}));

/// Other data and ridges.
struct Variant {
  const char* name;
  void (*change)(TrainingProblem&);
  const char *theta, *smoothness, *ring_limit;
  int ring_steps;
  const char* complete_limit;
  int complete_steps;
  const char* first_error;
};
class PublishedVariants : public testing::TestWithParam<Variant> {};
TEST_P(PublishedVariants, TakeSoManySteps) {
  const Variant& variant = GetParam();
  for (const bool ring : {true, false}) {
    const int steps = ring ? variant.ring_steps : variant.complete_steps;
    TrainingProblem problem = on_graph(ring ? "ring" : "complete", 1, steps + steps / 50 + 3);
    variant.change(problem);
    const QuadraticNetwork network{problem, 10};
    const Graph ways{problem.graph, 10};
    const auto [theta, smoothness] = network.convexity();
    EXPECT_TRUE(prints_as(theta, variant.theta));
    EXPECT_TRUE(prints_as(smoothness, variant.smoothness));
    EXPECT_TRUE(
        prints_as(network.largest_step(ways), ring ? variant.ring_limit : variant.complete_limit));
    problem.optimiser.rate = network.best_step(ways);
    problem.evaluate_every = std::max(1, steps / 100);
    TrainingHistory history;
    train(10, problem, history);
    EXPECT_TRUE(prints_as(errors_of(history)[0], variant.first_error));
    EXPECT_NEAR(std::ceil(steps_to(1e-6, history)), steps, std::max(1.0, 0.01 * steps));
  }
}
INSTANTIATE_TEST_SUITE_P(
    Published, PublishedVariants,
    testing::Values(
        Variant{"narrow",
                [](TrainingProblem& problem) { problem.model.set(LeastSquares::width, 0.5); },
                "9.28", "91.3", "5.379", 245, "1.89", 32, "5.7e-3"},
        Variant{"ridge",
                [](TrainingProblem& problem) { problem.model.set(LeastSquares::ridge, 10); },
                "3.49", "174", "1.794", 1585, "0.699", 194, "6.0e-3"},
        Variant{"noise", [](TrainingProblem& problem) { problem.data.set(SincData::noise, 0.2); },
                "2.59", "173", "1.342", 3165, "0.519", 384, "0.165"},
        Variant{"sorted",
                [](TrainingProblem& problem) {
                  problem.model.set(LeastSquares::ridge, 10);
                  problem.data.partition = "sorted";
                },
                "1.0", "1000", "0.5125", 1761, "0.2", 933, "0.993"}),
    [](const auto& one) { return std::string{one.param.name}; });

/// Hessians on the edges: γ* and steps.
struct Weighted {
  std::string graph, matrix;
  EdgeMatrix kind;
  int steps;
  const char* best = "";  ///< γ*, where it is published
};
class PublishedEdgeMatrices : public testing::TestWithParam<Weighted> {};
TEST_P(PublishedEdgeMatrices, TakeSoManySteps) {
  const auto& [graph, matrix, kind, steps, best] = GetParam();
  TrainingProblem problem = on_graph(graph, 1, steps + 5);
  problem.strategy.set(ZeroGradientSum::edge_matrix, matrix);
  const QuadraticNetwork network{problem, 10};
  problem.optimiser.rate = network.best_step(Graph{problem.graph, 10}, kind);
  if (*best) {
    EXPECT_TRUE(prints_as(problem.optimiser.rate, best));
  }
  TrainingHistory history;
  train(10, problem, history);
  EXPECT_NEAR(std::ceil(steps_to(1e-6, history)), steps, std::max(1.0, 0.01 * steps));
  EXPECT_LE(network.gradient_sum(history.parameters_at(steps)), 4e-15);
}
INSTANTIATE_TEST_SUITE_P(
    Published, PublishedEdgeMatrices,
    testing::Values(Weighted{"ring", "of_ends", EdgeMatrix::of_ends, 42, "0.4528"},
                    Weighted{"edges", "of_ends", EdgeMatrix::of_ends, 60, "0.3306"},
                    Weighted{"complete", "of_ends", EdgeMatrix::of_ends, 5, "0.0954"},
                    Weighted{"ring", "of_all", EdgeMatrix::of_all, 56},
                    Weighted{"edges", "of_all", EdgeMatrix::of_all, 67},
                    Weighted{"complete", "of_all", EdgeMatrix::of_all, 9}));

TEST(PublishedEdgeMatrices, HaveThisSpectrumOnTheRing) {
  const TrainingProblem problem = on_graph("ring", 1, 1);
  const QuadraticNetwork network{problem, 10};
  const auto values = network.eigenvalues(Graph{problem.graph, 10}, EdgeMatrix::of_ends);
  EXPECT_TRUE(prints_as(values.front(), "0.3215"));
  EXPECT_TRUE(prints_as(values.back(), "4.0953"));
  EXPECT_TRUE(prints_as(2 / values.back(), "0.4884"));
  TrainingProblem half = on_graph("ring", 0.5 * 0.4884, 85);
  half.strategy.set(ZeroGradientSum::edge_matrix, "of_ends");
  EXPECT_NEAR(std::ceil(steps_to(1e-6, half)), 79, 1);
}

TEST(PublishedEdgeMatrices, FindASafeStepThatConverges) {
  for (const char* matrix : {"of_ends", "of_all"}) {
    TrainingProblem problem = on_graph("ring", 0, 120);
    problem.strategy.set(ZeroGradientSum::edge_matrix, matrix);
    const double steps = steps_to(1e-6, problem);
    EXPECT_GT(steps, 0) << matrix;
    EXPECT_LT(steps, 100) << matrix;
  }
}

/// W(k+1) = W(k) − γ A⁻¹(𝕃 ⊗ I) W(k) + W(k), as the article prints its equation (7): on consensus,
/// where the Laplacian gives nothing, the operator doubles. γ = 0.5.
TEST(PrintedEquation7, GrowsAsPowersOfTwo) {
  const TrainingProblem problem = on_graph("ring", 1, 1);
  const QuadraticNetwork network{problem, 10};
  TrainingHistory history;
  train(10, problem, history);
  std::vector<Vector> w;
  double before = 0, after = 0;
  for (const auto& [node, values] : history.parameters_at(0)) {
    w.emplace_back(Eigen::Map<const Vector>{values.data(), 20});
    before += w.back().squaredNorm();
  }
  const Graph graph{problem.graph, 10};
  for (int k = 0; k < 20; ++k) {
    const std::vector<Vector> old = w;
    for (std::size_t i = 0; i < w.size(); ++i) {
      Vector pull = Vector::Zero(20);
      for (const Neighbour& j : graph.neighbours(static_cast<Rank>(i)))
        pull += old[static_cast<std::size_t>(j.rank)] - old[i];
      w[i] = 2 * old[i] + 0.5 * network.matrices[i].ldlt().solve(pull);
    }
  }
  for (const Vector& values : w) after += values.squaredNorm();
  EXPECT_TRUE(prints_as(std::sqrt(after / before), "1.04859e6"));
}

}  // namespace
}  // namespace troupe::algorithms
