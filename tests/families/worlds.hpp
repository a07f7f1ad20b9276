#pragma once
// Problems that several tests train on, and a way to train on threads.

#include <cmath>
#include <functional>
#include <vector>

#include "algorithms/strategies.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"

namespace troupe::algorithms {

/// The standard problem: 10,000 noisy samples of sin(x)/x, 20 Gaussians, σ = 1.
inline TrainingProblem standard_problem(std::string strategy) {
  TrainingProblem problem;
  problem.strategy = std::move(strategy);
  return problem;
}

/// The problem that zero_gradient_sum was published with: no noise, σ_i = 0.1 at each of `ranks`.
inline TrainingProblem published_problem(int ranks) {
  TrainingProblem problem;
  problem.strategy = "zero_gradient_sum";
  problem.data.noise = 0;
  problem.model.ridge = 0.1 * ranks;
  problem.optimiser.rate = 1;
  return problem;
}

/// Settings under which a strategy takes the same way on every machine.
inline TrainingProblem determined_problem(const Strategy& strategy) {
  TrainingProblem problem = standard_problem(std::string{strategy.name});
  if (!strategy.synchronous) problem.order = "cyclic";
  if (strategy.name == "zero_gradient_sum") problem.optimiser.rate = 0;
  problem.data.samples = 1000;
  problem.stop.steps = 30;
  return problem;
}

/// Trains on threads that are watched for unfinished business, and fills the history.
inline void train(int ranks, const TrainingProblem& problem, TrainingHistory& history) {
  const Strategy& strategy = find_strategy(problem.strategy);
  run_loopback(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    strategy.run(checked, problem, history);
  });
}

inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

inline double norm(const std::vector<double>& a) {
  return distance(a, std::vector<double>(a.size(), 0));
}

}  // namespace troupe::algorithms
