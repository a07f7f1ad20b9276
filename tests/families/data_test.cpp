// The data sets are the same on every machine, and shards cover them.

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "algorithms/data/shards.hpp"
#include "algorithms/data/sinc.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

TEST(SincSamples, AreThoseOfThePublishedGenerator) {
  const auto samples = sinc_samples(10000, 0, 1);
  EXPECT_NEAR(samples[0].x, 1.3312315034456184, 1e-12);
  EXPECT_NEAR(samples[1].x, 9.420055071735923, 1e-12);
  EXPECT_NEAR(samples[0].y, 0.7297313224573315, 1e-12);
  double x = 0, y = 0;
  for (const Sample& sample : samples) {
    x += sample.x;
    y += sample.y;
  }
  EXPECT_NEAR(x, -1175.399930173617, 1e-12 * 1175);
  EXPECT_NEAR(y, 1645.735000083257, 1e-12 * 1645);
}

TEST(SincSamples, DrawTheNoiseEvenWhereThereIsNone) {
  const auto still = sinc_samples(100, 0, 7), noisy = sinc_samples(100, 0.2, 7);
  for (std::size_t n = 0; n < still.size(); ++n) {
    EXPECT_EQ(still[n].x, noisy[n].x);
    EXPECT_LE(std::abs(still[n].y - noisy[n].y), 0.2);
  }
}

TEST(Shards, AreADisjointCoverWhoseSizesDifferByOneAtMost) {
  std::vector<double> keys(1003);
  std::iota(keys.rbegin(), keys.rend(), 0.0);
  for (const char* partition : {"strided", "contiguous", "sorted"})
    for (const int shards : {1, 4, 10, 1003}) {
      std::multiset<std::size_t> all;
      for (int shard = 0; shard < shards; ++shard) {
        const auto mine = shard_of(partition, keys, shard, shards);
        const auto whole = 1003 / static_cast<std::size_t>(shards);
        const bool longer =
            static_cast<std::size_t>(shard) < 1003 % static_cast<std::size_t>(shards);
        EXPECT_EQ(mine.size(), whole + (longer ? 1 : 0));
        all.insert(mine.begin(), mine.end());
      }
      EXPECT_EQ(all.size(), 1003u) << partition << " " << shards;
      EXPECT_EQ(std::set(all.begin(), all.end()).size(), 1003u) << partition << " " << shards;
    }
}

TEST(Shards, TakeEveryNthSampleOrANeighbourhoodOfKeys) {
  const std::vector<double> keys{5, 1, 4, 2, 3, 0};
  using Indices = std::vector<std::size_t>;
  EXPECT_EQ(shard_of("strided", keys, 1, 3), (Indices{1, 4}));
  EXPECT_EQ(shard_of("contiguous", keys, 1, 3), (Indices{2, 3}));
  EXPECT_EQ(shard_of("sorted", keys, 1, 3), (Indices{3, 4}));
}

TEST(Shards, NameTheNearestPartition) {
  const std::vector<double> keys(10);
  try {
    shard_of("stridded", keys, 0, 2);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string{error.what()}.find("did you mean \"strided\""), std::string::npos);
  }
}

}  // namespace
}  // namespace troupe::algorithms
