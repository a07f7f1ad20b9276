// The published tables of butterfly mixing among its neighbours: sixteen ranks with batches of ten,
// means of five seeds. Every number is a mean of draws, and so is the published one: ours must be
// within three standard errors of their difference, and half a unit of the last digit printed.

#include <gtest/gtest.h>

#include <cstdlib>
#include <numbers>

#include "algorithms/model_averaging/local_sgd.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

struct Scheme {
  const char *name, *gap_of_mean, *gap_of_nodes, *apart;
  friend void PrintTo(const Scheme& row, std::ostream* out) { *out << row.name; }
};

TrainingProblem problem_of(const std::string& scheme) {
  if (scheme == "allreduce") return standard_problem("data_parallel");
  TrainingProblem problem = standard_problem("butterfly_mixing");
  if (scheme == "allreduce_every_4") {
    problem.strategy = "local_sgd";
    problem.strategy.set(LocalSgd::local_steps, 4);
  } else if (scheme == "none") {
    problem.strategy.set(ButterflyMixing::mixing_rounds, 0);
  } else {
    problem.strategy.set(ButterflyMixing::partners, scheme);
  }
  return problem;
}

/// A mean of five draws, and how far it may be off.
struct Mean {
  double value = 0, error = 0;
  explicit Mean(const std::vector<double>& draws) {
    const auto n = static_cast<double>(draws.size());
    for (const double draw : draws) value += draw / n;
    for (const double draw : draws) error += (draw - value) * (draw - value) / (n - 1) / n;
    error = std::sqrt(error);
  }
};
void expect_near(const Mean& ours, const std::string& published, const char* what) {
  if (published.empty()) return;
  EXPECT_NEAR(ours.value, std::atof(published.c_str()),
              3 * std::numbers::sqrt2 * ours.error + half_a_unit(published))
      << what;
}

void expect_row(const Scheme& row, const TrainingProblem& stated) {
  std::vector<double> of_mean, of_nodes, apart;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    TrainingProblem problem = stated;
    problem.batch = 10;
    problem.evaluate_every = 0;
    problem.seed = seed;
    TrainingHistory history;
    train(16, problem, history);
    std::vector<double> mean(20, 0);
    for (const auto& [rank, x] : history.final_parameters())
      for (std::size_t i = 0; i < 20; ++i) mean[i] += x[i] / 16;
    of_mean.push_back(*Learner{problem, 0, 1}.evaluate(ConstSlice{std::span{mean}})->gap);
    of_nodes.push_back(*history.summary().back().gap);
    apart.push_back(*history.summary().back().disagreement / std::sqrt(20));  // of one parameter
  }
  expect_near(Mean{of_mean}, row.gap_of_mean, "gap of the mean model");
  expect_near(Mean{of_nodes}, row.gap_of_nodes, "mean gap of the nodes");
  expect_near(Mean{apart}, row.apart, "disagreement");
}

class AlikeShards : public testing::TestWithParam<Scheme> {};
TEST_P(AlikeShards, EndAsPublished) {
  TrainingProblem problem = problem_of(GetParam().name);
  problem.optimiser.rate = 2;
  problem.stop.steps = 400;
  expect_row(GetParam(), problem);
}
/// "Ring" mixes after the gradient, as the others do.
INSTANTIATE_TEST_SUITE_P(Published, AlikeShards,
                         testing::Values(Scheme{"none", "6.4e-5", "1.20e-3", "5.4e-2"},
                                         Scheme{"fixed", "6.9e-5", "6.2e-4", "3.5e-2"},
                                         Scheme{"ring", "6.3e-5", "2.6e-4", "1.4e-2"},
                                         Scheme{"random", "4.9e-5", "2.6e-4", "1.4e-2"},
                                         Scheme{"butterfly", "6.9e-5", "3.2e-4", "1.5e-2"},
                                         Scheme{"allreduce_every_4", "6.4e-5", "6.4e-5", ""},
                                         Scheme{"allreduce", "6.7e-5", "6.7e-5", ""}),
                         [](const auto& one) { return std::string{one.param.name}; });

class UnlikeShards : public testing::TestWithParam<Scheme> {};
TEST_P(UnlikeShards, EndAsPublished) {
  TrainingProblem problem = problem_of(GetParam().name);
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.4;
  problem.stop.steps = 2000;
  expect_row(GetParam(), problem);
}
INSTANTIATE_TEST_SUITE_P(
    Exhaustive, UnlikeShards,
    testing::Values(Scheme{"none", "4.9e-2", "", ""}, Scheme{"fixed", "4.2e-2", "", ""},
                    Scheme{"ring", "6.1e-6", "", ""}, Scheme{"random", "8.3e-6", "", ""},
                    Scheme{"butterfly", "1.1e-5", "", ""}, Scheme{"allreduce", "1.3e-5", "", ""}),
    [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace troupe::algorithms
