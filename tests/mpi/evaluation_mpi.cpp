// Models are judged where their values are: on a device by its kernels, off its clock, with what
// the host would have found. One rank.

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/judge.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/strategies.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::tests {
namespace {

using algorithms::Evaluation;
using algorithms::Figures;
using algorithms::Judge;
using algorithms::TrainingProblem;
using nlohmann::json;

std::unique_ptr<mpi::World> world;

constexpr const char* of_a_perceptron = R"({"kind": "mlp", "layers": [784, 16, 10]})";
constexpr std::size_t samples = 300, held_out = 30;
/// 256 samples, 14, and those held out: products and biases of two layers, one with its activation,
/// a loss.
constexpr std::uint64_t kernels_of_an_evaluation = 3 * 5;

TrainingProblem problem_of(const std::string& model) {
  const json training{{"strategy", "data_parallel"},
                      {"model", json::parse(model)},
                      {"dtype", "float32"},
                      {"data", {{"kind", "digits"}, {"samples", samples}, {"held_out", 0.1}}},
                      {"batch", 32},
                      {"evaluate_every", 10},
                      {"stop", {{"steps", 20}}}};
  return *scenarios::read_scenario({{"troupe", 1}, {"training", training}},
                                   scenarios::Origin{"test"}, "/")
              .training;
}

/// Parameters drawn as the model says, in the memory of the problem.
Buffer parameters_of(const TrainingProblem& problem) {
  algorithms::OffTheClock alone;
  const auto model = algorithms::make_model(problem);
  Buffer parameters{model->size(), problem.dtype, *problem.memory};
  const Buffer drawn{model->size(), problem.dtype};
  model->initialise(alone, drawn, SplitMix64{5});
  copy_from_host(parameters, drawn);
  return parameters;
}

/// Runs a program on a device.
template <class Program>
void run(DetachedAccelerator& device, const Program& program) {
  mpi::Options options;
  options.accelerator = &device;
  world->run([&](Communicator& comm) { program(comm); }, options);
}

struct Judged {
  Evaluation evaluation;
  std::size_t parameters = 0;
  std::uint64_t kernels = 0, read = 0;  // on the device; bytes read by the host
};
Judged judged_on(DetachedAccelerator& device, const std::string& model) {
  TrainingProblem problem = problem_of(model);
  problem.memory = &device.memory();
  Judged judged;
  run(device, [&](Communicator&) {
    const Buffer parameters = parameters_of(problem);
    Judge judge{problem};
    judge.optimum();  // made once, whatever it takes
    const Judged before{
        .evaluation = {}, .kernels = device.off_the_clock(), .read = device.read_by_host()};
    judged = {.evaluation = judge.evaluate(parameters),
              .parameters = parameters.slice().size(),
              .kernels = device.off_the_clock() - before.kernels,
              .read = device.read_by_host() - before.read};
  });
  return judged;
}
Evaluation judged_on_the_host(const std::string& model) {
  const TrainingProblem problem = problem_of(model);
  return Judge{problem}.evaluate(parameters_of(problem));
}

/// The same bits: the device of these tests is the host in disguise.
void expect_equal(const Evaluation& a, const Evaluation& b) {
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.accuracy, b.accuracy);
  EXPECT_EQ(a.gap, b.gap);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.held_out_loss, b.held_out_loss);
  EXPECT_EQ(a.held_out_accuracy, b.held_out_accuracy);
}

/// What the host needs: the parameters, to know them again, and of a sample ten outputs, its loss
/// and its label.
std::uint64_t needed(const Judged& judged) { return 4 * (judged.parameters + samples * 12); }

class Evaluations : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(
    Networks, Evaluations,
    testing::Values(of_a_perceptron,
                    R"({"kind": "cnn", "filters": [4, 8], "window": 5, "hidden": 16})",
                    R"({"kind": "ensemble", "layers": [784, 20, 10], "subnets": 2})"));

TEST_P(Evaluations, RunOnTheDeviceAndSayWhatTheHostSays) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    DetachedAccelerator device{{.seed = seed}};
    const Judged judged = judged_on(device, GetParam());
    expect_equal(judged.evaluation, judged_on_the_host(GetParam()));
    EXPECT_GE(judged.kernels, kernels_of_an_evaluation);
    EXPECT_EQ(judged.read, needed(judged));
  }
}

/// Where nobody runs them on the device, the figures above say so.
TEST_P(Evaluations, AreSeenToRunOnTheHostWhereItComputesThem) {
  DetachedAccelerator device{{.runs_off_the_clock = false}};
  const Judged judged = judged_on(device, GetParam());
  expect_equal(judged.evaluation, judged_on_the_host(GetParam()));
  EXPECT_EQ(judged.kernels, 0u);
  EXPECT_GT(judged.read, 2 * needed(judged));
}

TEST(Evaluation, TakesTheKernelsOfTheWayForwards) {
  DetachedAccelerator device;
  EXPECT_EQ(judged_on(device, of_a_perceptron).kernels, kernels_of_an_evaluation);
}

TEST(Evaluation, KnowsTheOptimumOnADeviceToo) {
  TrainingProblem problem = problem_of(R"({"kind": "logistic_regression"})");
  static_cast<algorithms::Choice&>(problem.data) = "blobs";
  const Evaluation there = Judge{problem}.evaluate(parameters_of(problem));
  ASSERT_TRUE(there.gap && there.error);
  DetachedAccelerator device;
  problem.memory = &device.memory();
  run(device,
      [&](Communicator&) { expect_equal(Judge{problem}.evaluate(parameters_of(problem)), there); });
  EXPECT_GT(device.off_the_clock(), 0u);
}

TEST(Evaluation, BringsParametersToWhereItJudges) {
  TrainingProblem problem = problem_of(of_a_perceptron);
  const Buffer parameters = parameters_of(problem);
  DetachedAccelerator device;
  problem.memory = &device.memory();
  run(device, [&](Communicator&) {
    expect_equal(Judge{problem}.evaluate(parameters), judged_on_the_host(of_a_perceptron));
  });
  EXPECT_EQ(device.off_the_clock(), kernels_of_an_evaluation);
}

/// In the order of the flow that asks, whatever else the device is at.
TEST(Evaluation, FindsInAFlowWhatTheFlowAndItsParentHaveComputed) {
  const Evaluation expected = judged_on_the_host(of_a_perceptron);
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    DetachedAccelerator device{{.seed = seed}};
    TrainingProblem problem = problem_of(of_a_perceptron);
    problem.memory = &device.memory();
    run(device, [&](Communicator& comm) {
      const Buffer parameters = parameters_of(problem), other = parameters_of(problem);
      Judge judge{problem};
      compute(comm, Scale{4, parameters});
      Request flow = comm.spawn([&](Communicator& own) {
        compute(own, Scale{0.25, parameters});
        expect_equal(judge.evaluate(parameters), expected);
      });
      for (int i = 0; i < 20; ++i) compute(comm, Scale{2, other});
      wait(comm, std::move(flow));
      EXPECT_NE(judge.evaluate(other).loss, expected.loss);
    });
  }
}

TEST(Evaluation, IsInNoTimeOfTheDevice) {
  DetachedAccelerator device{{.times_kernels = true}};
  judged_on(device, of_a_perceptron);
  EXPECT_GT(device.off_the_clock(), 0u);
  EXPECT_EQ(device.kernel_time(), Seconds{});
  run(device, [&](Communicator& comm) {
    const Buffer x{1, Dtype::float32, device.memory()};
    compute(comm, Fill{1, x});
  });
  EXPECT_GT(device.kernel_time(), Seconds{});
}

/// A run's curve, and what its rank did on the clock.
struct Trained {
  std::vector<Figures> curve;
  Activity activity;
};
Trained train(DetachedAccelerator* device) {
  TrainingProblem problem = problem_of(of_a_perceptron);
  if (device) problem.memory = &device->memory();
  algorithms::TrainingHistory history;
  mpi::Options options;
  options.accelerator = device;
  world->run([&](Communicator& comm) { algorithms::train(comm, problem, history); }, options);
  return {history.summary(), world->activity()};
}

TEST(Evaluation, DrawsTheCurveOfTheHostAndCountsForNothingInTheRun) {
  const Trained host = train(nullptr);
  DetachedAccelerator device;
  const Trained there = train(&device);
  ASSERT_EQ(there.curve.size(), 3u);  // steps 0, 10 and 20
  ASSERT_EQ(host.curve.size(), 3u);
  for (std::size_t i = 0; i < host.curve.size(); ++i) {
    EXPECT_TRUE(there.curve[i].held_out_accuracy);
    EXPECT_EQ(there.curve[i].loss, host.curve[i].loss);
    EXPECT_EQ(there.curve[i].accuracy, host.curve[i].accuracy);
    EXPECT_EQ(there.curve[i].held_out_loss, host.curve[i].held_out_loss);
    EXPECT_EQ(there.curve[i].held_out_accuracy, host.curve[i].held_out_accuracy);
  }
  EXPECT_NE(host.curve.front().loss, host.curve.back().loss);
  EXPECT_EQ(device.off_the_clock(), 3 * kernels_of_an_evaluation);
  EXPECT_EQ(there.activity.kernels, host.activity.kernels);
  EXPECT_EQ(there.activity.flops.value, host.activity.flops.value);
}

}  // namespace
}  // namespace troupe::tests

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  troupe::tests::world = std::make_unique<troupe::mpi::World>(argc, argv);
  const int status = RUN_ALL_TESTS();
  troupe::tests::world.reset();
  return status;
}
