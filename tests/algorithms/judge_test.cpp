// One judge for all ranks of a process says what each would have found for itself, and shards leave
// alone what is held out.

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "algorithms/data/folds.hpp"
#include "algorithms/judge.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/models/off_the_clock.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::size_t samples = 90;
constexpr int shards = 5;

/// A perceptron for three clusters, of which every sample is told by its own first input.
TrainingProblem problem_with(std::string partition, double held_out) {
  TrainingProblem problem;
  problem.model = "mlp";
  static_cast<Choice&>(problem.data) = "blobs";
  problem.data.set(samples_setting, samples);
  problem.data.partition = std::move(partition);
  problem.data.held_out = held_out;
  problem.dataset = load_dataset(problem);
  return problem;
}

std::vector<double> start_of(const TrainingProblem& problem, std::uint64_t seed) {
  OffTheClock host;
  const auto model = make_model(problem);
  std::vector<double> values(model->size());
  model->initialise(host, std::span{values}, SplitMix64{seed});
  return values;
}

void expect_equal(const Evaluation& a, const Evaluation& b) {
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.accuracy, b.accuracy);
  EXPECT_EQ(a.held_out_loss, b.held_out_loss);
  EXPECT_EQ(a.held_out_accuracy, b.held_out_accuracy);
}

TEST(Judge, SaysOfManyParametersInTurnWhatOneAskedForTheFirstTimeSays) {
  for (const double held_out : {0.0, 0.2}) {
    const TrainingProblem problem = problem_with("strided", held_out);
    Judge judge{problem};
    for (const std::uint64_t seed : {1, 2, 2, 1, 1, 3}) {
      const std::vector<double> values = start_of(problem, seed);
      const ConstSlice parameters{std::span{values}};
      const Evaluation evaluation = judge.evaluate(parameters);
      EXPECT_EQ(evaluation.held_out_loss.has_value(), held_out > 0);
      expect_equal(evaluation, Judge{problem}.evaluate(parameters));
    }
  }
}

TEST(Judge, SeesThatParametersInTheSamePlaceHaveChanged) {
  const TrainingProblem problem = problem_with("strided", 0);
  Judge judge{problem};
  std::vector<double> values = start_of(problem, 1);
  const ConstSlice parameters{std::span{values}};
  const double before = judge.evaluate(parameters).loss;
  values = start_of(problem, 2);
  EXPECT_NE(judge.evaluate(parameters).loss, before);
}

TEST(Judge, ServesThreadsAtOnce) {
  const TrainingProblem problem = problem_with("strided", 0.2);
  Judge judge{problem};
  std::vector<std::thread> threads;
  for (std::uint64_t rank = 0; rank < 4; ++rank)
    threads.emplace_back([&, rank] {
      const std::vector<double> values = start_of(problem, rank % 2);
      const ConstSlice parameters{std::span{values}};
      const Evaluation alone = Judge{problem}.evaluate(parameters);
      for (int i = 0; i < 20; ++i) expect_equal(judge.evaluate(parameters), alone);
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(Learner, SharesTheJudgeOfItsProblem) {
  TrainingProblem problem = problem_with("strided", 0);
  problem.judge = std::make_shared<Judge>(problem);
  const Learner one{problem, 0, shards}, other{problem, 1, shards};
  EXPECT_EQ(problem.judge.use_count(), 5);  // each learner's, and that of its copy of the problem
}

TEST(Learner, TrainsOnEverySampleThatIsNotHeldOutOnceByEveryPartition) {
  for (const std::string partition : {"strided", "contiguous", "shuffled", "sorted", "dirichlet:5"})
    for (const double held_out : {0.0, 0.2}) {
      const TrainingProblem problem = problem_with(partition, held_out);
      std::multiset<double> left;  // the first inputs of what nobody has had so far
      for (std::size_t n = 0; n < samples; ++n) left.insert(problem.dataset->feature(n, 0));
      for (int shard = 0; shard < shards; ++shard) {
        const Learner learner{problem, shard, shards};
        const Batch mine = learner.whole();
        const auto inputs = mine.inputs.host<double>();
        for (std::size_t i = 0; i < inputs.size(); i += inputs.size() / mine.count)
          EXPECT_EQ(left.erase(inputs[i]), 1u) << partition;
      }
      const Split split = hold_out(samples, held_out, problem.data.seed);
      ASSERT_EQ(left.size(), split.held_out.size()) << partition;
      for (const std::size_t n : split.held_out)
        EXPECT_TRUE(left.contains(problem.dataset->feature(n, 0))) << partition;
    }
}

}  // namespace
}  // namespace troupe::algorithms
