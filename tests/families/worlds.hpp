#pragma once
// Problems that several tests train on, and a way to train.

#include <cmath>
#include <functional>
#include <vector>

#include "algorithms/asynchronous_sgd/downpour.hpp"
#include "algorithms/butterfly/asynchronous_mixing.hpp"
#include "algorithms/butterfly/butterfly_mixing.hpp"
#include "algorithms/butterfly/hybrid_propagation.hpp"
#include "algorithms/data/generated.hpp"
#include "algorithms/data_parallel/through_horovod.hpp"
#include "algorithms/model_averaging/diloco.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/models/perceptron.hpp"
#include "algorithms/parameter_server/parameter_server.hpp"
#include "algorithms/strategies.hpp"
#include "algorithms/work_stealing/work_stealing.hpp"
#include "core/checked.hpp"
#include "core/recorder.hpp"

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
  problem.data.set(SincData::noise, 0);
  problem.model.set(LeastSquares::ridge, 0.1 * ranks);
  problem.optimiser.rate = 1;
  return problem;
}

/// A network of four layers on four classes of points, for strategies that cut models.
inline TrainingProblem network_problem(std::string strategy, std::int64_t steps) {
  static constexpr std::array<std::int64_t, 5> widths{6, 16, 12, 8, 4};
  TrainingProblem problem;
  problem.strategy = std::move(strategy);
  problem.model = "mlp";
  problem.model.set(Perceptron::layers, widths);
  static_cast<Choice&>(problem.data) = "blobs";
  problem.data.set(BlobsData::samples, 240).set(BlobsData::inputs, 6).set(BlobsData::classes, 4);
  problem.batch = 16;
  problem.stop.steps = steps;
  problem.optimiser.rate = 0.1;
  return problem;
}

/// Settings under which a strategy takes the same way on every machine.
inline TrainingProblem determined_problem(const Strategy& strategy) {
  TrainingProblem problem = standard_problem(std::string{strategy.kind.name});
  if (strategy.kind.name == "horovod")  // no layer waits for another
    problem.strategy.set(ThroughHorovod::fusion_threshold, 0).set(ThroughHorovod::cycle_time, 0);
  else if (!strategy.synchronous) problem.strategy.set(Inbox::order_setting, "cyclic");
  if (strategy.kind.name == "work_stealing") problem.strategy.set(WorkStealing::stealing, false);
  if (strategy.finds_rate) problem.optimiser.rate = 0;
  if (strategy.kind.name == "diloco") problem.strategy.set(Diloco::inner_steps, 10);
  problem.data.set(samples_setting, 1000);
  problem.stop.steps = 30;
  if (refusal_of_strategy(problem, 4).empty()) return problem;
  return network_problem(std::string{strategy.kind.name}, 30);
}

/// Runs a program on so many ranks in the world that an executable's tests are made for: on threads
/// (on_threads.cpp), or in the LogGP world (simulated.cpp), where many steps of many ranks take a
/// fraction of the time.
void run_ranks(int ranks, const std::function<void(Communicator&)>& program);

/// Trains on ranks that are watched for unfinished business, and fills the history.
inline void train(int ranks, const TrainingProblem& problem, TrainingHistory& history) {
  run_ranks(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    train(checked, problem, history);
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

/// What each rank sends and computes in a training.
inline std::vector<RecordedRank> record_training(int ranks, const TrainingProblem& problem) {
  std::vector<RecordedRank> logs(static_cast<std::size_t>(ranks));
  run_ranks(ranks, [&](Communicator& comm) {
    SilentLog silent;
    Recorder recorder{comm, logs[static_cast<std::size_t>(comm.rank())]};
    train(recorder, problem, silent);
  });
  return logs;
}

}  // namespace troupe::algorithms
