// A training loop on a GPU never waits for the device and asks it for no memory; evaluations run
// there, too, and are in no time of its kernels.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "algorithms/judge.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/strategies.hpp"
#include "real_backend/cuda/device.hpp"
#include "scenarios/scenario.hpp"
#include "tests/cuda/main_mpi.hpp"

namespace troupe {
namespace {

/// Looks at the device's counters after two of the steps.
class Counting final : public algorithms::TrainingLog {
 public:
  Counting(const cuda::Device& device, std::int64_t from, std::int64_t to)
      : device_{device}, from_{from}, to_{to} {}
  void record(const algorithms::Figures& figures, const algorithms::Snapshot&) override {
    if (figures.step == from_) first = device_.counters();
    if (figures.step == to_) last = device_.counters();
  }
  void finished(Rank, ConstSlice) override {}
  void note(const std::string&) override {}
  cuda::DeviceCounters first, last;

 private:
  const cuda::Device& device_;
  std::int64_t from_, to_;
};

algorithms::TrainingProblem problem_of(const char* training) {
  const auto json = nlohmann::json{{"troupe", 1}, {"training", nlohmann::json::parse(training)}};
  return *scenarios::read_scenario(json, scenarios::Origin{"test"}, "/").training;
}

void expect_no_wait(const char* training, bool timed = false,
                    Float32Products products = Float32Products::exact) {
  if (const auto why = cuda::why_no_device(); !why.empty()) GTEST_SKIP() << why;
  cuda::Device device{0, products};
  if (timed) device.time_kernels();
  auto problem = problem_of(training);
  problem.memory = &device.memory();
  Counting log{device, 10, 110};
  mpi::Options options;
  options.accelerator = &device;
  std::size_t kept = 0;
  tests::world().run(
      [&](Communicator& comm) {
        device.keep_kernels(100'000, [&comm] { return comm.now(); });
        algorithms::train(comm, problem, log);
        kept = device.take_kernels().size();
      },
      options);
  EXPECT_EQ(kept > 0, timed);
  EXPECT_GE(log.last.launches - log.first.launches, 1000u);
  EXPECT_EQ(log.last.synchronisations, log.first.synchronisations);
  EXPECT_EQ(log.last.pool_bytes, log.first.pool_bytes);
  EXPECT_EQ(log.last.staged_kernels, log.first.staged_kernels);
}

constexpr const char* of_a_perceptron =
    R"({"strategy": "data_parallel", "model": {"kind": "mlp", "layers": [784, 64, 10]},
    "dtype": "float32", "data": {"kind": "digits", "samples": 500, "sampling": "epochs"},
    "optimiser": {"kind": "momentum", "rate": 0.1}, "batch": 16, "evaluate_every": 0, "stop": {"steps": 120}})";

TEST(TrainingLoop, OfAPerceptronNeitherWaitsNorAllocates) { expect_no_wait(of_a_perceptron); }
TEST(TrainingLoop, NeitherWaitsNorAllocatesWhereKernelsAreTimed) {
  expect_no_wait(of_a_perceptron, true);
}
TEST(TrainingLoop, NeitherWaitsNorAllocatesWhereOperandsAreRounded) {
  expect_no_wait(of_a_perceptron, false, Float32Products::bf16);
}
TEST(TrainingLoop, OfAConvolutionalNetworkNeitherWaitsNorAllocates) {
  expect_no_wait(
      R"({"strategy": "data_parallel", "model": {"kind": "cnn", "filters": [4, 8], "window": 5, "hidden": 32},
    "dtype": "float32", "data": {"kind": "digits", "samples": 200, "sampling": "epochs"},
    "optimiser": {"kind": "adam", "rate": 0.001}, "batch": 16, "evaluate_every": 0, "stop": {"steps": 120}})");
}

void expect_judged_on_the_device(const char* training) {
  if (const auto why = cuda::why_no_device(); !why.empty()) GTEST_SKIP() << why;
  auto problem = problem_of(training);
  const auto model = algorithms::make_model(problem);
  const Buffer drawn{model->size(), problem.dtype};
  algorithms::OffTheClock alone;
  model->initialise(alone, drawn, SplitMix64{5});
  const algorithms::Evaluation host = algorithms::Judge{problem}.evaluate(drawn);

  cuda::Device device{0};
  device.time_kernels();
  problem.memory = &device.memory();
  mpi::Options options;
  options.accelerator = &device;
  cuda::DeviceCounters before, after;
  algorithms::Evaluation there;
  tests::world().run(
      [&](Communicator&) {
        const Buffer parameters{model->size(), problem.dtype, device.memory()};
        copy_from_host(parameters, drawn);
        algorithms::Judge judge{problem};
        before = device.counters();
        there = judge.evaluate(parameters);
        after = device.counters();
      },
      options);
  EXPECT_GE(after.launches - before.launches, 15u);  // three parts of samples, two layers each
  EXPECT_EQ(after.staged_kernels, before.staged_kernels);
  EXPECT_EQ(device.kernel_time(), Seconds{});
  EXPECT_NEAR(there.loss, host.loss, 1e-5 * host.loss);
  EXPECT_NEAR(*there.held_out_loss, *host.held_out_loss, 1e-5 * *host.held_out_loss);
  EXPECT_NEAR(*there.accuracy, *host.accuracy, 0.01);  // where two answers are as good
}

TEST(Evaluation, OfAPerceptronRunsOnTheDevice) {
  expect_judged_on_the_device(
      R"({"strategy": "data_parallel", "model": {"kind": "mlp", "layers": [784, 64, 10]},
    "dtype": "float32", "data": {"kind": "digits", "samples": 300, "held_out": 0.1}})");
}
TEST(Evaluation, OfAConvolutionalNetworkRunsOnTheDevice) {
  expect_judged_on_the_device(
      R"({"strategy": "data_parallel", "model": {"kind": "cnn", "filters": [4, 8], "window": 5, "hidden": 32},
    "dtype": "float32", "data": {"kind": "digits", "samples": 300, "held_out": 0.1}})");
}

}  // namespace
}  // namespace troupe
