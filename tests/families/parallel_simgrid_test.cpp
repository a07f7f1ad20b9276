// How long cut models take in the simulated world, against the formulas of their papers. One
// simulation a process.

#include <gtest/gtest.h>

#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/models/phantom_model.hpp"
#include "algorithms/parallel/pipeline.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/worlds.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms {
namespace {

/// A phantom of equal layers: `flops` forwards and `activations` out for a sample.
TrainingProblem equal_layers(std::string strategy, std::size_t layers, double flops,
                             double activations, double parameters) {
  const std::vector<double> f(layers, flops), a(layers, activations), p(layers, parameters);
  TrainingProblem problem;
  problem.strategy = std::move(strategy);
  problem.model = "phantom";
  problem.model.set(PhantomModel::preset_setting, "custom")
      .set(PhantomModel::flops_setting, f)
      .set(PhantomModel::activations_setting, a)
      .set(PhantomModel::parameters_setting, p);
  static_cast<Choice&>(problem.data) = "blobs";
  problem.phantom = true;
  problem.dtype = Dtype::float32;
  problem.evaluate_every = 1;
  return problem;
}

/// Seconds of one step, once the first is over.
double step_of(const test::Star& star, TrainingProblem problem) {
  problem.stop.steps = 4;
  TrainingHistory history;
  test::run_on(star, [&](Communicator& comm) { train(comm, problem, history); });
  const auto lines = history.summary();
  return (lines.back().time - lines[lines.size() - 2].time).count();
}

/// One flop a nanosecond, and nothing else costs.
test::Star free_links(int ranks) {
  test::Star star{.ranks = ranks, .alpha = Seconds{0}, .bandwidth = {1e30}};
  star.processor.speed = {1e9};
  return star;
}

struct Case {
  std::string schedule;
  int ranks, micro_batches, chunks;
  double ratio;       // of the bubble and the rest
  const char* share;  // of the bubble in the whole
  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.schedule << one.ranks; }
};
class PipelineBubble : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Simulated, PipelineBubble,
                         testing::Values(Case{"gpipe", 4, 8, 1, 0.375, "0.272727"},
                                         Case{"1f1b", 4, 8, 1, 0.375, "0.272727"},
                                         Case{"interleaved", 4, 8, 2, 0.1875, "0.157895"},
                                         Case{"1f1b", 8, 32, 1, 0.21875, "0.179487"},
                                         Case{"interleaved", 8, 32, 4, 0.0546875, "0.051852"},
                                         Case{"gpipe", 4, 4, 1, 0.75, "0.428571"}),
                         [](const auto& one) {
                           return one.param.schedule + "_" + std::to_string(one.param.ranks) + "_" +
                                  std::to_string(one.param.micro_batches) + "_" +
                                  std::to_string(one.param.chunks);
                         });

/// T = (m + (p−1)/v)(t_f + t_b) with t_f and t_b of one micro-batch through all of a rank's layers.
TEST_P(PipelineBubble, IsWhatTheFormulaSays) {
  const Case& what = GetParam();
  const auto stages = static_cast<std::size_t>(what.ranks * what.chunks);
  TrainingProblem problem = equal_layers("pipeline", stages, 1000, 1, 1);
  problem.strategy.set(Pipeline::schedule, what.schedule)
      .set(Pipeline::micro_batches, what.micro_batches)
      .set(Pipeline::chunks, what.chunks);
  problem.batch = static_cast<std::size_t>(what.micro_batches);
  problem.optimiser.rate = 0;
  const double forward_and_back = 3000e-9 * what.chunks;
  const double ideal = what.micro_batches * forward_and_back;
  // The step of the optimiser on one value a stage takes two flops, and no message anything.
  const double step = step_of(free_links(what.ranks), problem) - 2e-9 * what.chunks;
  EXPECT_NEAR(step, ideal * (1 + what.ratio), 1e-9 * step);
  EXPECT_TRUE(prints_as((step - ideal) / step, what.share));
}

/// GPipe over links that take t_c ≤ t_f: T = (m+p−1)(t_f+t_b) + 2(p−1) t_c.
TEST(SimulatedPipeline, HidesAllTransfersButThoseOfTheFirstMicroBatch) {
  TrainingProblem problem = equal_layers("pipeline", 4, 1e6, 1000, 1);
  problem.strategy.set(Pipeline::schedule, "gpipe");
  problem.batch = 8;
  test::Star star = free_links(4);
  star.alpha = Seconds{1e-5};
  star.bandwidth = {1e7};  // 4000 bytes in 4.1e-4 s; a forward takes 1e-3 s
  const double expected = 11 * 3e-3 + 2 * 3 * (1e-5 + 4000 / 1e7);
  EXPECT_NEAR(step_of(star, problem), expected, 1e-4 * expected);
}

TEST(SimulatedPipeline, EndsItsCurveWithItsLastStepNotWithTheGatheringOfParameters) {
  TrainingProblem problem = equal_layers("pipeline", 4, 1e6, 1, 1e6);
  problem.batch = 8;
  problem.stop.steps = 3;
  test::Star star = free_links(4);
  star.bandwidth = {1e9};  // 4 ms for the parameters of a rank, three ranks one after another
  TrainingHistory history;
  Seconds end{};
  test::run_on(star, [&](Communicator& comm) {
    train(comm, problem, history);
    if (comm.rank() == 0) end = comm.now();
  });
  const auto lines = history.summary();
  ASSERT_EQ(lines.back().step, 3);
  const double step = (lines[1].time - lines[0].time).count();
  EXPECT_NEAR((lines[2].time - lines[1].time).count(), step, 1e-9);
  EXPECT_GT((end - lines[2].time).count(), 11e-3);
}

/// Bucket b is ready at R_b and summed at E_b = max(R_b, E_{b−1}) + T(M_b), so that a step takes
/// T_fwd + max(T_bwd, E_last) + T_opt. On the way from backward to the flow that sums, the empty
/// message of a rank to itself passes the star as any other does, and takes α.
class Overlap : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Simulated, Overlap, testing::Values(1e8, 1e9, 1e10));

TEST_P(Overlap, TakesWhatTheRecurrenceSays) {
  constexpr std::size_t layers = 6, parameters = 50'000;
  TrainingProblem problem = equal_layers("data_parallel", layers, 1e5, 1, parameters);
  problem.batch = 1;
  problem.strategy.set(DataParallel::first_bucket_bytes, 4 * parameters)
      .set(DataParallel::bucket_bytes, 2 * 4 * parameters);
  test::Star star = free_links(4);
  star.alpha = Seconds{1e-6};
  star.bandwidth = {GetParam()};
  const double forward = layers * 1e5 / 1e9, layer_back = 2 * 1e5 / 1e9;
  double summed = 0;
  // buckets of 1, 2, 2 and 1 layers, back to front
  for (const auto& [ready, count] :
       std::vector<std::pair<int, int>>{{1, 1}, {3, 2}, {5, 2}, {6, 1}}) {
    Problem bucket;
    bucket.ranks = 4;
    bucket.count = static_cast<std::size_t>(count) * parameters;
    const double sum = find_entry(Collective::allreduce, "ring")
                           .cost(bucket, {star.alpha, 1 / GetParam(), 4.0 / 1e9 / 16})
                           .time.count();
    summed = std::max(ready * layer_back, summed) + star.alpha.count() + sum;
  }
  const double step = 2 * layers * parameters / 1e9;  // x ← x − ηg
  const double expected = forward + std::max(layers * layer_back, summed) + step;
  EXPECT_NEAR(step_of(star, problem), expected, 1e-6 * expected);
}

/// One bucket of the whole gradient has nothing to overlap with, and told not to overlap several
/// have not either: T_fwd + T_bwd + Σ T(M_b) + T_opt.
class NoOverlap : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Simulated, NoOverlap, testing::Bool());

TEST_P(NoOverlap, TakesTheSumOfAll) {
  const bool one_bucket = GetParam();
  constexpr std::size_t layers = 6, parameters = 50'000;
  TrainingProblem problem = equal_layers("data_parallel", layers, 1e5, 1, parameters);
  problem.batch = 1;
  const auto bytes = [](std::size_t count) { return static_cast<std::int64_t>(4 * count); };
  problem.strategy
      .set(DataParallel::first_bucket_bytes, bytes(one_bucket ? layers * parameters : parameters))
      .set(DataParallel::bucket_bytes, bytes(one_bucket ? layers * parameters : 2 * parameters))
      .set(DataParallel::overlap, one_bucket);
  test::Star star = free_links(4);
  star.alpha = Seconds{1e-6};
  star.bandwidth = {1e9};
  double sums = 0;
  for (const std::size_t count :
       one_bucket ? std::vector<std::size_t>{6} : std::vector<std::size_t>{1, 2, 2, 1}) {
    Problem bucket;
    bucket.ranks = 4;
    bucket.count = count * parameters;
    sums += find_entry(Collective::allreduce, "ring")
                .cost(bucket, {star.alpha, 1e-9, 4.0 / 1e9 / 16})
                .time.count();
  }
  const double forward = layers * 1e5 / 1e9, back = 2 * forward;
  const double step = 2 * layers * parameters / 1e9;
  const double expected = forward + back + sums + step;
  EXPECT_NEAR(step_of(star, problem), expected, 1e-6 * expected);
}

}  // namespace
}  // namespace troupe::algorithms
