#include "core/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace troupe {
namespace {

TEST(SplitMix64, GivesThePublishedSequence) {
  // The first values of the reference implementation (Vigna, splitmix64.c) for the seed 1234567.
  SplitMix64 random{1234567};
  for (const std::uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u,
        16408922859458223821u})
    EXPECT_EQ(random.next(), expected);
}

TEST(SplitMix64, GivesEachRankAnotherStream) {
  std::set<std::uint64_t> values;
  for (Rank rank = 0; rank < 100; ++rank) {
    SplitMix64 random = SplitMix64::of_rank(1, rank);
    for (int i = 0; i < 100; ++i) values.insert(random.next());
  }
  EXPECT_EQ(values.size(), 10000u);
}

TEST(SplitMix64, IsUniformAndNormal) {
  SplitMix64 random{5};
  double sum = 0, normal_sum = 0, normal_squares = 0;
  constexpr int count = 100000;
  for (int i = 0; i < count; ++i) {
    const double u = random.u01();
    ASSERT_TRUE(0 <= u && u < 1);
    sum += u;
    const double z = random.normal();
    normal_sum += z;
    normal_squares += z * z;
  }
  EXPECT_NEAR(sum / count, 0.5, 0.01);
  EXPECT_NEAR(normal_sum / count, 0.0, 0.02);
  EXPECT_NEAR(normal_squares / count, 1.0, 0.02);
}

TEST(SplitMix64, DrawsIndicesBelowABound) {
  SplitMix64 random{9};
  std::vector<int> seen(7, 0);
  for (int i = 0; i < 7000; ++i) ++seen[random.below(7)];
  for (int count : seen) EXPECT_NEAR(count, 1000, 150);
  EXPECT_THROW(random.below(0), ContractViolation);
}

}  // namespace
}  // namespace troupe
