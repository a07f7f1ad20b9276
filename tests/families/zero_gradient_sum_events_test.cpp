// Zero-gradient-sum in which nodes speak when they have news. Who speaks when hangs on the last
// bits: a change of 1e-16 at the start moves the count of broadcasts by 2 to 3 % and the count of
// steps by up to 2.5 % (one standard deviation, computed below). So one published count cannot be
// met exactly, but it can be told whether it, and ours, come from that distribution.

#include <gtest/gtest.h>

#include "algorithms/zero_gradient_sum/event_triggered.hpp"
#include "core/recorder.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/quadratic_network.hpp"

namespace troupe::algorithms {
namespace {

TrainingProblem triggered(double threshold, double decay, std::int64_t steps,
                          const char* graph = "ring") {
  TrainingProblem problem = on_graph(graph, 1, steps);
  problem.strategy = "event_triggered_zero_gradient_sum";
  problem.strategy.set(EventTriggered::threshold, threshold);
  problem.strategy.set(EventTriggered::threshold_decay, decay);
  return problem;
}

/// All nodes' broadcasts of so many steps: messages with bytes, of which a ring has two each.
std::uint64_t broadcasts_of(const TrainingProblem& problem) {
  const auto logs = record_training(10, problem);
  std::uint64_t bytes = 0;
  for (const RecordedRank& log : logs) bytes += log.bytes_sent();
  return bytes / (2 * 160);
}

/// The same method by dense matrices, from local optima that are off by `noise` of themselves.
struct Reference {
  const QuadraticNetwork& network;
  std::vector<Vector> w, said;
  int broadcasts = 0, steps = 0;

  Reference(const QuadraticNetwork& of, double noise, std::uint64_t seed) : network{of} {
    SplitMix64 draws{seed};
    for (std::size_t i = 0; i < 10; ++i) {
      Vector& mine = w.emplace_back(network.matrices[i].ldlt().solve(network.vectors[i]));
      for (double& value : mine) value *= 1 + noise * draws.uniform(-1, 1);
    }
    said = w;
  }
  double error() const {
    double most = 0;
    for (const Vector& mine : w)
      most = std::max(most, (mine - network.optimum).norm() / network.optimum.norm());
    return most;
  }
  void step(double threshold) {
    for (std::size_t i = 0; i < 10; ++i)
      if (steps == 0 || (w[i] - said[i]).norm() >= threshold) {
        said[i] = w[i];
        ++broadcasts;
      }
    for (std::size_t i = 0; i < 10; ++i)
      w[i] += inverses[i] * (said[(i + 1) % 10] + said[(i + 9) % 10] - 2 * said[i]);
    ++steps;
  }
  void run(double threshold, double decay) {
    for (; error() > 1e-6; threshold *= decay) step(threshold);
  }
  std::vector<Matrix> inverses = [this] {
    std::vector<Matrix> all;
    for (const Matrix& matrix : network.matrices) all.push_back(matrix.inverse());
    return all;
  }();
};

struct Spread {
  double mean = 0, deviation = 0;
  explicit Spread(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    for (const double value : values) mean += value / n;
    for (const double value : values) deviation += (value - mean) * (value - mean) / (n - 1);
    deviation = std::sqrt(deviation);
  }
  /// In standard deviations: one of a normal distribution is within 2.6 in 99 of 100 cases.
  double from(double value) const { return std::abs(value - mean) / deviation; }
};

TEST(EventTriggeredZeroGradientSum, SpeaksAsTheFormulaSaysUntilRoundingDecides) {
  // With thresholds that fall so fast that differences have no time to grow: to the last broadcast.
  const TrainingProblem problem = triggered(1e-3, 0.95, 200);
  const QuadraticNetwork network{problem, 10};
  Reference reference{network, 0, 1};
  double threshold = 1e-3;
  for (int step = 0; step < 200; ++step, threshold *= 0.95) reference.step(threshold);
  EXPECT_EQ(broadcasts_of(problem), static_cast<std::uint64_t>(reference.broadcasts));
  TrainingHistory history;
  train(10, problem, history);
  for (const auto& [node, values] : history.final_parameters())
    EXPECT_LE(
        (Eigen::Map<const Vector>{values.data(), 20} - reference.w[static_cast<std::size_t>(node)])
            .norm(),
        1e-12);
}

TEST(EventTriggeredZeroGradientSum, SpeaksAsOftenAsPublished) {
  const struct {
    double threshold, decay;
    int broadcasts, of;
  } published[] = {
      {1e-3, 0.995, 4193, 15350}, {1e-3, 0.997, 5628, 20870}, {1e-2, 0.995, 4529, 17230}};
  for (const auto& [threshold, decay, broadcasts, of] : published) {
    const std::string where = std::to_string(threshold) + " " + std::to_string(decay);
    TrainingProblem problem = triggered(threshold, decay, of / 8);
    const QuadraticNetwork network{problem, 10};
    std::vector<double> all_steps, all_broadcasts;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      Reference one{network, 1e-16, seed};
      one.run(threshold, decay);
      all_steps.push_back(one.steps);
      all_broadcasts.push_back(one.broadcasts);
    }
    const Spread steps{all_steps}, sent{all_broadcasts};
    EXPECT_GT(sent.deviation, 0.01 * sent.mean) << where;  // why no closer tolerance can hold
    EXPECT_LE(steps.from(of / 10.0), 2.6) << where;
    EXPECT_LE(sent.from(broadcasts), 2.6) << where;

    TrainingHistory history;
    train(10, problem, history);
    const double ours = std::ceil(steps_to(1e-6, history));
    problem.stop.steps = static_cast<std::int64_t>(ours);
    const auto spoken = static_cast<double>(broadcasts_of(problem));
    EXPECT_LE(steps.from(ours), 2.6) << where << ": " << ours;
    EXPECT_LE(sent.from(spoken), 2.6) << where << ": " << spoken;
    EXPECT_LE(spoken / (10 * ours), 0.3) << where;  // of what speaking always takes
  }
}

TEST(EventTriggeredZeroGradientSum, KeepsTheSumOfGradients) {
  for (const char* graph : {"ring", "directed_ring"}) {  // balanced both
    const TrainingProblem problem = triggered(1e-3, 0.995, 1000, graph);
    const QuadraticNetwork network{problem, 10};
    TrainingHistory history;
    train(10, problem, history);
    for (std::int64_t step = 0; step <= 1000; step += 100)
      EXPECT_LE(network.gradient_sum(history.parameters_at(step)), 4e-15) << graph << step;
    EXPECT_LT(errors_of(history).back(), 1e-2 * errors_of(history).front()) << graph;
  }
}

TEST(EventTriggeredZeroGradientSum, StallsIfItsThresholdStays) {
  // Published: 5.2e-4. It goes on wandering, between half and two and a half times that.
  TrainingProblem problem = triggered(1e-3, 1, 4000);
  problem.evaluate_every = 10;
  TrainingHistory history;
  train(10, problem, history);
  const auto errors = errors_of(history);
  const auto [least, most] = std::ranges::minmax_element(errors.begin() + 100, errors.end());
  EXPECT_LE(*least, 5.2e-4);
  EXPECT_GE(*most, 5.2e-4);
  EXPECT_GT(*least, 5.2e-4 / 2);
  EXPECT_LT(*most, 5.2e-4 * 2.5);
}

TEST(EventTriggeredZeroGradientSum, WithoutThresholdIsZeroGradientSum) {
  TrainingHistory with, without;
  train(10, triggered(0, 1, 50), with);
  train(10, on_graph("ring", 1, 50), without);
  EXPECT_EQ(with.final_parameters(), without.final_parameters());
  EXPECT_EQ(broadcasts_of(triggered(0, 1, 50)), 500u);
  // always: 15 590 broadcasts to an error of 1e-6, within 1 %
  TrainingHistory history;
  train(10, triggered(0, 1, 1580), history);
  EXPECT_NEAR(10 * std::ceil(steps_to(1e-6, history)), 15590, 156);
}

}  // namespace
}  // namespace troupe::algorithms
