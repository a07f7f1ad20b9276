// Every partition is a disjoint cover without an empty shard, or says which one would be.

#include "algorithms/data/shards.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "algorithms/data/draws.hpp"
#include "algorithms/data/generators.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

using Indices = std::vector<std::size_t>;

Indices sizes_of(const std::vector<Indices>& shards) {
  Indices sizes;
  for (const Indices& shard : shards) sizes.push_back(shard.size());
  return sizes;
}

void expect_disjoint_cover(const std::vector<Indices>& shards, std::size_t samples) {
  Indices all;
  for (const Indices& shard : shards) all.insert(all.end(), shard.begin(), shard.end());
  std::ranges::sort(all);
  Indices expected(samples);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(all, expected);
}

std::string refusal(const std::function<void()>& use) {
  try {
    use();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "no refusal";
}

TEST(Shards, AreADisjointCoverByEveryPartition) {
  const Dataset data = blobs(1003, 2, 10, 0.1, 1);
  for (const std::string& name : partitions)
    for (const int shards : {1, 2, 4, 10}) {
      const std::vector<double> speeds{1, 2, 0.5, 1, 1, 3, 1, 1, 1, 0.25};
      const auto all = shards_of(name == "dirichlet" ? "dirichlet:0.5" : name, data, shards, 3,
                                 std::span{speeds}.first(static_cast<std::size_t>(shards)));
      EXPECT_EQ(all.size(), static_cast<std::size_t>(shards));
      expect_disjoint_cover(all, 1003);
    }
}

TEST(Shards, OfEqualPartitionsDifferByOneAtMostTheFirstBeingLonger) {
  const Indices longer(3, 101), shorter(7, 100), even(10, 100);
  Indices uneven = longer;
  uneven.insert(uneven.end(), shorter.begin(), shorter.end());
  for (const char* partition : {"strided", "contiguous", "shuffled", "sorted"}) {
    EXPECT_EQ(sizes_of(shards_of(partition, sinc(1000, 0, 1), 10, 1)), even) << partition;
    EXPECT_EQ(sizes_of(shards_of(partition, sinc(1003, 0, 1), 10, 1)), uneven) << partition;
    EXPECT_EQ(sizes_of(shards_of(partition, sinc(17, 0, 1), 17, 1)), Indices(17, 1)) << partition;
  }
}

TEST(Shards, TakeEveryNthSampleOrANeighbourhoodOfKeys) {
  const std::vector<double> keys{5, 1, 4, 2, 3, 0};
  EXPECT_EQ(shard_of("strided", keys, 1, 3, 1), (Indices{1, 4}));
  EXPECT_EQ(shard_of("contiguous", keys, 1, 3, 1), (Indices{2, 3}));
  EXPECT_EQ(shard_of("sorted", keys, 1, 3, 1), (Indices{3, 4}));
}

TEST(Shards, SortClassesByTheirLabels) {
  const Dataset data = blobs(500, 2, 5, 0.1, 1);
  std::int32_t last = 0;
  for (const Indices& shard : shards_of("sorted", data, 5, 1))
    for (const std::size_t n : shard) {
      EXPECT_LE(last, data.labels[n]);
      last = data.labels[n];
    }
}

TEST(Shards, AreShuffledByTheSeed) {
  const Dataset data = sinc(100, 0, 1);
  const auto once = shards_of("shuffled", data, 4, 1);
  EXPECT_EQ(shards_of("shuffled", data, 4, 1), once);
  EXPECT_NE(shards_of("shuffled", data, 4, 2), once);
  EXPECT_NE(shards_of("contiguous", data, 4, 1), once);
}

TEST(Shards, AreInProportionToSpeeds) {
  const Dataset data = sinc(29, 0, 1);
  const std::vector<double> one_slow{4, 4, 4, 4, 4, 4, 4, 1};
  EXPECT_EQ(sizes_of(shards_of("by_speed", data, 8, 1, one_slow)),
            (Indices{4, 4, 4, 4, 4, 4, 4, 1}));
  EXPECT_EQ(sizes_of(shards_of("by_speed", sinc(1003, 0, 1), 4, 1, std::vector<double>(4, 0.1))),
            (Indices{251, 251, 251, 250}));
}

TEST(Sizes, FollowTheLargestRemainder) {
  EXPECT_EQ(proportional_sizes(10, std::vector<double>{1, 1, 1}), (Indices{4, 3, 3}));
  // 10 · (0.56, 0.25, 0.19): 5 + 2 + 1, then one each to the remainders 0.9 and 0.6.
  EXPECT_EQ(proportional_sizes(10, std::vector<double>{0.56, 0.25, 0.19}), (Indices{6, 2, 2}));
  EXPECT_EQ(proportional_sizes(3, std::vector<double>{0, 1, 0}), (Indices{0, 3, 0}));
}

/// Σ over shards of their part of the samples · the distance of their class shares from those of
/// all, in (0, 1): 0 for shards like the whole.
double unlikeness(const Dataset& data, const std::vector<Indices>& shards) {
  const auto samples = static_cast<double>(data.samples);
  std::map<std::int32_t, double> overall;
  for (const std::int32_t label : data.labels) overall[label] += 1 / samples;
  double sum = 0;
  for (const Indices& shard : shards) {
    std::map<std::int32_t, double> here;
    for (const std::size_t n : shard) here[data.labels[n]] += 1 / static_cast<double>(shard.size());
    for (const auto& [label, part] : overall)
      sum += static_cast<double>(shard.size()) / samples * std::abs(here[label] - part) / 2;
  }
  return sum;
}

TEST(Shards, AreTheMoreUnlikeTheSmallerTheDirichletParameter) {
  const Dataset data = blobs(5000, 2, 10, 0.1, 1);
  const double few = unlikeness(data, shards_of("dirichlet:0.1", data, 5, 1)),
               some = unlikeness(data, shards_of("dirichlet:1", data, 5, 1)),
               all = unlikeness(data, shards_of("dirichlet:1000", data, 5, 1)),
               shuffled = unlikeness(data, shards_of("shuffled", data, 5, 1));
  EXPECT_GT(few, 0.5);
  EXPECT_LT(some, few);
  EXPECT_LT(all, some);
  EXPECT_LT(all, 0.05);
  EXPECT_LT(shuffled, 0.05);
}

TEST(DirichletDraws, HaveTheMeanAndVarianceOfTheirDistribution) {
  SplitMix64 random{1};
  const std::size_t size = 4;
  for (const double a : {0.05, 0.5, 1.0, 3.0}) {
    const int draws = 20000;
    double sum = 0, squares = 0;
    for (int draw = 0; draw < draws; ++draw) {
      const auto parts = dirichlet(a, size, random);
      EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), 0.0), 1, 1e-12);
      sum += parts[1];
      squares += parts[1] * parts[1];
    }
    const double mean = sum / draws, variance = squares / draws - mean * mean;
    // p(1 − p) / (size · a + 1) with p = 1/size; bounds of five standard errors or more.
    EXPECT_NEAR(mean, 0.25, 5 * std::sqrt(variance / draws)) << a;
    EXPECT_NEAR(variance, 0.25 * 0.75 / (4 * a + 1), 0.006) << a;
  }
}

TEST(DirichletDraws, AreNumbersEvenForTinyParameters) {
  SplitMix64 random{1};
  for (int draw = 0; draw < 100; ++draw) {
    const auto parts = dirichlet(1e-4, 10, random);
    EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), 0.0), 1, 1e-12);
  }
}

TEST(Permutations, AreAllEquallyLikely) {
  SplitMix64 random{1};
  std::map<Indices, int> seen;
  for (int draw = 0; draw < 6000; ++draw) ++seen[permutation(3, random)];
  EXPECT_EQ(seen.size(), 6u);
  for (const auto& [order, times] : seen) EXPECT_NEAR(times, 1000, 5 * std::sqrt(6000 * 5 / 36.0));
}

TEST(Shards, GoRoundSoThatEveryWorkerSeesEachOnce) {
  const int workers = 5;
  std::set<std::pair<int, int>> pairs;
  for (std::int64_t round = 10; round < 10 + workers; ++round) {
    std::set<int> seen;
    for (int worker = 0; worker < workers; ++worker) {
      const int shard = rotated_shard(worker, round, workers);
      seen.insert(shard);
      pairs.insert({worker, shard});
    }
    EXPECT_EQ(seen.size(), 5u);
  }
  EXPECT_EQ(pairs.size(), 25u);
  EXPECT_EQ(rotated_shard(3, 0, workers), 3);
  EXPECT_EQ(rotated_shard(3, 4, workers), 2);
}

TEST(Shards, NameTheNearestPartition) {
  EXPECT_NE(refusal_of_partition("stridded").find("did you mean \"strided\""), std::string::npos);
  EXPECT_EQ(refusal_of_partition("dirichlet:0.5"), "");
  EXPECT_EQ(refusal_of_partition("by_speed"), "");
  EXPECT_NE(refusal([] { shards_of("stridded", sinc(10, 0, 1), 2, 1); }).find("\"strided\""),
            std::string::npos);
}

TEST(Shards, SayWhatADirichletParameterIs) {
  for (const char* wrong : {"dirichlet", "dirichlet:", "dirichlet:0", "dirichlet:-1", "dirichlet:x",
                            "dirichlet:1x", "dirichlet:inf", "dirichlet:nan"})
    EXPECT_EQ(refusal_of_partition(wrong),
              "partition \"" + std::string{wrong} +
                  "\": expected dirichlet:A with a number A above 0, as in dirichlet:0.5");
  EXPECT_EQ(refusal_of_partition("sorted:1"), "partition \"sorted:1\": sorted takes no parameter");
}

TEST(Shards, RefuseMoreShardsThanSamples) {
  EXPECT_EQ(refusal([] { shards_of("strided", sinc(3, 0, 1), 4, 1); }),
            "3 samples cannot be cut into 4 shards: rank 3 would have none");
}

TEST(Shards, NameTheRankThatWouldBeEmpty) {
  const Dataset data = blobs(50, 2, 2, 0.1, 1);
  const std::string by_class = refusal([&] { shards_of("dirichlet:0.01", data, 20, 1); });
  EXPECT_TRUE(by_class.starts_with("partition \"dirichlet:0.01\" leaves rank 0 of 20 without any"))
      << by_class;
  const std::vector<double> speeds{1, 1e-6, 1};
  EXPECT_EQ(refusal([&] { shards_of("by_speed", data, 3, 1, speeds); }),
            "partition \"by_speed\" leaves rank 1 of 3 without any of the 50 samples: take speeds "
            "nearer to each other, more samples or fewer ranks");
}

TEST(Shards, SayWhatAPartitionNeedsAndLacks) {
  EXPECT_EQ(refusal([] { shards_of("dirichlet:1", sinc(10, 0, 1), 2, 1); }),
            "partition \"dirichlet:1\" deals out classes, and this data has none");
  EXPECT_EQ(refusal([] { shards_of("by_speed", sinc(10, 0, 1), 2, 1); }),
            "partition \"by_speed\" needs the speed of each of 2 ranks (compute.speed), 0 given");
  const std::vector<double> stopped{1, 0};
  EXPECT_EQ(refusal([&] { shards_of("by_speed", sinc(10, 0, 1), 2, 1, stopped); }),
            "partition \"by_speed\": the speed of rank 1 is 0.000000, expected a number above 0");
}

}  // namespace
}  // namespace troupe::algorithms
