// Epochs cover what they should, and batches come in the promised order.

#include "algorithms/data/sampler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

using Indices = std::vector<std::size_t>;

std::map<std::size_t, int> visits(std::size_t samples, int ranks, std::uint64_t seed,
                                  std::uint64_t epoch) {
  std::map<std::size_t, int> seen;
  for (Rank rank = 0; rank < ranks; ++rank) {
    DistributedSampler sampler{samples, rank, ranks, seed};
    sampler.set_epoch(epoch);
    EXPECT_EQ(sampler.indices().size(), sampler.size());
    for (const std::size_t n : sampler.indices()) ++seen[n];
  }
  return seen;
}

TEST(DistributedSamplers, Deal1003Samples251ToEachOf4WithOneTwice) {
  EXPECT_EQ((DistributedSampler{1003, 3, 4, 1}.size()), 251u);
  const auto seen = visits(1003, 4, 1, 0);
  EXPECT_EQ(seen.size(), 1003u);
  int repeats = 0;
  for (const auto& [sample, times] : seen) repeats += times - 1;
  EXPECT_EQ(repeats, 1);
}

TEST(DistributedSamplers, CoverEveryEpochForAnyNumberOfRanks) {
  for (const std::size_t samples : {1u, 2u, 7u, 16u})
    for (const int ranks : {1, 2, 3, 5, 20}) {
      const auto seen = visits(samples, ranks, 3, 2);
      EXPECT_EQ(seen.size(), samples) << samples << " over " << ranks;
    }
}

TEST(DistributedSamplers, TakeAnotherPermutationEachEpochTheSameOfSeedPlusEpoch) {
  DistributedSampler sampler{100, 1, 4, 10}, other{100, 1, 4, 12};
  const Indices first = sampler.indices();
  EXPECT_EQ(sampler.indices(), first);
  sampler.set_epoch(2);
  EXPECT_NE(sampler.indices(), first);
  EXPECT_EQ(sampler.indices(), other.indices());
}

Indices next_of(BatchSampler& sampler) {
  const std::size_t promised = sampler.next_size();
  const auto batch = sampler.next();
  EXPECT_EQ(batch.size(), promised);
  return {batch.begin(), batch.end()};
}

TEST(BatchSamplers, DrawWithReplacementFromTheStreamOfTheirShard) {
  BatchSampler sampler{{.order = "with_replacement", .batch = 5, .seed = 7}, 10, 2};
  SplitMix64 stream = SplitMix64::of_rank(7, 2);
  for (int batch = 0; batch < 3; ++batch)
    for (const std::size_t n : next_of(sampler)) EXPECT_EQ(n, stream.below(10));
}

TEST(BatchSamplers, VisitEverySampleOncePerEpochInANewOrder) {
  BatchSampler sampler{{.order = "epochs", .batch = 4, .seed = 1}, 10, 0};
  EXPECT_EQ(sampler.batches_per_epoch(), 3u);
  Indices epochs[2];
  for (Indices& epoch : epochs)
    for (int batch = 0; batch < 3; ++batch) {
      const Indices part = next_of(sampler);
      EXPECT_EQ(part.size(), batch == 2 ? 2u : 4u);
      epoch.insert(epoch.end(), part.begin(), part.end());
    }
  EXPECT_EQ(std::set(epochs[0].begin(), epochs[0].end()).size(), 10u);
  EXPECT_EQ(std::set(epochs[1].begin(), epochs[1].end()).size(), 10u);
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_EQ(sampler.batches(), 6);
}

TEST(BatchSamplers, OfDistributedShardsCoverAllSamplesEachEpochInBatches) {
  constexpr int shards = 4;
  constexpr std::size_t samples = 1003, batch = 100;
  std::set<std::size_t> seen;
  for (int shard = 0; shard < shards; ++shard) {
    BatchSampler sampler{
        {.order = "distributed", .batch = batch, .seed = 5, .shards = shards}, samples, shard};
    EXPECT_EQ(sampler.batches_per_epoch(), 3u);
    DistributedSampler whole{samples, shard, shards, 5};
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
      whole.set_epoch(epoch);
      Indices drawn;
      for (const std::size_t size : {100u, 100u, 51u}) {
        const Indices part = next_of(sampler);
        EXPECT_EQ(part.size(), size);
        drawn.insert(drawn.end(), part.begin(), part.end());
      }
      EXPECT_EQ(drawn, whole.indices()) << "shard " << shard << ", epoch " << epoch;
      if (epoch == 1) seen.insert(drawn.begin(), drawn.end());
    }
  }
  EXPECT_EQ(seen.size(), samples);
}

TEST(BatchSamplers, LeaveOutTheShortBatchWhereTheyAreAskedTo) {
  BatchSampler sampler{{.order = "in_order", .batch = 4, .drop_last = true}, 10, 0};
  EXPECT_EQ(sampler.batches_per_epoch(), 2u);
  EXPECT_EQ(next_of(sampler), (Indices{0, 1, 2, 3}));
  EXPECT_EQ(next_of(sampler), (Indices{4, 5, 6, 7}));
  EXPECT_EQ(next_of(sampler), (Indices{0, 1, 2, 3}));
}

TEST(BatchSamplers, GoRoundInOrder) {
  BatchSampler sampler{{.order = "in_order", .batch = 2}, 3, 0};
  EXPECT_EQ(next_of(sampler), (Indices{0, 1}));
  EXPECT_EQ(next_of(sampler), (Indices{2}));
  EXPECT_EQ(next_of(sampler), (Indices{0, 1}));
}

TEST(BatchSamplers, TakeTheWholeShardWhereNoBatchIsAskedFor) {
  for (const std::string& order : sampling_orders) {
    BatchSampler sampler{{.order = order}, 3, 1};
    for (int step = 0; step < 2; ++step) EXPECT_EQ(next_of(sampler), (Indices{0, 1, 2})) << order;
    EXPECT_EQ(sampler.batches_per_epoch(), 1u);
  }
}

TEST(BatchSamplers, TakeTheShardForABatchLargerThanIt) {
  BatchSampler sampler{{.order = "in_order", .batch = 8}, 3, 0};
  EXPECT_EQ(next_of(sampler), (Indices{0, 1, 2}));
  EXPECT_EQ(next_of(sampler), (Indices{0, 1, 2}));
}

TEST(BatchSamplers, RefuseWhatLeavesNoBatch) {
  EXPECT_THROW((BatchSampler{{.order = "epochs"}, 0, 4}), BadInput);
  EXPECT_THROW((BatchSampler{{.order = "epochs", .batch = 4, .drop_last = true}, 3, 0}), BadInput);
  EXPECT_THROW((BatchSampler{{.order = "epoch"}, 3, 0}), BadInput);
  EXPECT_THROW((DistributedSampler{0, 0, 1, 1}), BadInput);
}

}  // namespace
}  // namespace troupe::algorithms
