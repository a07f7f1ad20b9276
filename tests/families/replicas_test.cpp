// Strategies of replicas: what data parallel, groups of layers and shards of an optimiser have to
// do with one another, on the standard problem.

#include <gtest/gtest.h>

#include <functional>

#include "algorithms/data_parallel/buckets.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/parallel/block_coordinate.hpp"
#include "algorithms/parallel/sharded_optimiser.hpp"
#include "core/loopback.hpp"
#include "core/recorder.hpp"
#include "tests/families/replicas.hpp"

namespace troupe::algorithms {
namespace {

TEST(Buckets, AreClosedAtTheirSizeFromTheLastLayerOn) {
  const std::vector<Layer> layers{{"a", 0, 100}, {"b", 100, 10}, {"c", 110, 30}, {"d", 140, 5}};
  const auto buckets = buckets_of(layers, Dtype::float64, Bytes{8 * 5}, Bytes{8 * 40});
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[0].offset, 140u);
  EXPECT_EQ(buckets[0].count, 5u);
  EXPECT_EQ(buckets[1].offset, 100u);  // c alone is too small, c and b are enough
  EXPECT_EQ(buckets[1].count, 40u);
  EXPECT_EQ(buckets[1].first_layer, 1u);
  EXPECT_EQ(buckets[2].count, 100u);
  EXPECT_EQ(buckets_of(layers, Dtype::float64, Bytes{1 << 20}, Bytes{1 << 20}).size(), 1u);
}

TEST(DataParallel, TakesTheSameStepsBySumAndByMeanWithTheRateDivided) {
  TrainingProblem problem = whole_shards("data_parallel", 50);
  const auto by_mean = trained(4, problem);
  problem.strategy.set(DataParallel::reduce, "sum");
  problem.optimiser.rate /= 4;
  expect_close(trained(4, problem), by_mean);
}

TEST(DataParallel, IsBiasedWhereUnequalShardsCountEqually) {
  TrainingProblem problem = whole_shards("data_parallel", 200);
  problem.data.set(samples_setting, 10);  // shards of 3, 3, 2, 2
  problem.model.set(LeastSquares::features, 4);
  const auto alone = trained(1, problem);
  expect_close(trained(4, problem), alone);
  problem.strategy.set(DataParallel::weights, "equal");
  EXPECT_GT(distance(trained(4, problem), alone), 1e-3 * norm(alone));
}

TrainingProblem in_buckets(bool overlap) {
  TrainingProblem problem = network_problem("data_parallel", 20);
  problem.strategy.set(DataParallel::first_bucket_bytes, 8)
      .set(DataParallel::bucket_bytes, 8 * 200)
      .set(DataParallel::overlap, overlap);
  return problem;
}

TEST(DataParallel, EndsWithTheSameBitsWhetherBucketsOverlapOrNot) {
  TrainingHistory history;
  train(4, in_buckets(true), history);
  const auto all = history.final_parameters();
  for (const auto& [rank, x] : all) EXPECT_EQ(x, all.at(0)) << rank;
  EXPECT_EQ(all.at(0), trained(4, in_buckets(false)));
  EXPECT_LT(*history.summary().back().loss, *history.summary().front().loss);
}

/// The distances of all replicas from that of rank 0 before and after training.
std::pair<double, double> offsets_of(const std::string& start) {
  TrainingProblem problem = network_problem("data_parallel", 30);
  problem.strategy.set(DataParallel::start, start);
  TrainingHistory history;
  train(3, problem, history);
  const auto before = history.parameters_at(0), after = history.final_parameters();
  double changed = 0;
  std::vector<double> offset(before.at(0).size());
  for (std::size_t i = 0; i < offset.size(); ++i) {
    offset[i] = before.at(2)[i] - before.at(0)[i];
    changed = std::max(changed, std::abs(after.at(2)[i] - after.at(0)[i] - offset[i]));
  }
  return {norm(offset), changed};
}

TEST(DataParallel, KeepsReplicasApartForEverThatStartApart) {
  const auto [apart, changed] = offsets_of("own");
  EXPECT_GT(apart, 0.1);
  EXPECT_LE(changed, 1e-14);
  const auto [together, moved] = offsets_of("broadcast");
  EXPECT_EQ(together, 0);
  EXPECT_EQ(moved, 0);
}

TEST(BlockCoordinate, SendsAndMovesItsGroupOnly) {
  TrainingProblem problem = network_problem("block_coordinate", 3);
  problem.strategy.set(BlockCoordinate::groups, 2).set(BlockCoordinate::steps_per_group, 3);
  problem.evaluate_every = 1;
  TrainingHistory history;
  std::vector<RecordedRank> logs(2);
  run_loopback(2, [&](Communicator& comm) {
    Recorder recorder{comm, logs[static_cast<std::size_t>(comm.rank())]};
    train(recorder, problem, history);
  });
  // 6·16 + 16 + 16·12 + 12 values in the first two layers, 12·8 + 8 + 8·4 + 4 in the others; two
  // ranks send half the vector twice
  const std::size_t first = 316, all = 456;
  EXPECT_EQ(logs[0].bytes_sent(), 3 * first * 8);
  const auto before = history.parameters_at(0).at(0), after = history.parameters_at(3).at(0);
  ASSERT_EQ(before.size(), all);
  EXPECT_TRUE(std::equal(before.begin() + first, before.end(), after.begin() + first));
  EXPECT_FALSE(std::equal(before.begin(), before.begin() + first, after.begin()));
}

TEST(BlockCoordinate, IsDataParallelWithOneGroup) {
  TrainingProblem problem = network_problem("block_coordinate", 10);
  problem.strategy.set(BlockCoordinate::groups, 1);
  EXPECT_EQ(trained(3, problem), trained(3, network_problem("data_parallel", 10)));
}

TEST(ShardedOptimiser, IsDataParallel) {
  for (const int ranks : {2, 3, 7})
    expect_close(trained(ranks, whole_shards("sharded_optimiser", 30), ranks - 1),
                 trained(ranks, whole_shards("data_parallel", 30)));
}

/// Bytes of one step's messages between such ranks, of eight, with M = 24 · 8.
std::uint64_t bytes_of_a_step(const char* strategy, const char* collective,
                              const std::function<bool(Rank from, Rank to)>& between) {
  TrainingProblem problem = determined_problem(find_strategy(strategy));
  problem.collective = collective;
  problem.model.set(LeastSquares::features, 24);
  std::vector<std::uint64_t> bytes;
  for (const std::int64_t steps : {4, 5}) {
    problem.stop.steps = steps;
    const auto logs = record_training(8, problem);
    bytes.push_back(0);
    for (Rank from = 0; from < 8; ++from)
      for (const RecordedEvent& event : logs[static_cast<std::size_t>(from)].events())
        if (event.kind == RecordedEvent::Kind::send && between(from, event.peer))
          bytes.back() += event.bytes;
  }
  return bytes[1] - bytes[0];
}

TEST(ShardedOptimiser, SendsAsMuchAsARingAllreduce) {
  const auto of_rank_3 = [](Rank from, Rank) { return from == 3; };
  for (const char* strategy : {"sharded_optimiser", "data_parallel"})  // 2(P−1)/P · M
    EXPECT_EQ(bytes_of_a_step(strategy, "ring", of_rank_3), 2u * 7 * 24) << strategy;
}

TEST(DataParallel, BringsARootTheGradientsOfAllOthersAndOverARingLessThanTwo) {
  const auto to_rank_0 = [](Rank, Rank to) { return to == 0; };
  EXPECT_EQ(bytes_of_a_step("data_parallel", "central", to_rank_0), 7u * 24 * 8);
  EXPECT_EQ(bytes_of_a_step("data_parallel", "ring", to_rank_0), 2u * 7 * 24);
}

TEST(ShardedOptimiser, NeedsThePublishedMemory) {
  EXPECT_NEAR(mixed_precision_bytes(7.5e9, 1), 120e9, 1e6);
  EXPECT_NEAR(mixed_precision_bytes(7.5e9, 64), 31.4e9, 0.05e9);
}

}  // namespace
}  // namespace troupe::algorithms
