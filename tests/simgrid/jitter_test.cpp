// Random service times: factors of mean 1, one for all that a rank does between two messages, the
// same in every run.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/jitter.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::sim {
namespace {

using Kind = Jitter::Kind;

struct Moments {
  double mean = 0, variance = 0;
};
Moments moments_of(const Jitter& jitter, int draws) {
  Slowness slowness{jitter, 3};
  double sum = 0, squares = 0;
  for (int i = 0; i < draws; ++i) {
    slowness.received();
    const double factor = slowness.factor();
    sum += factor;
    squares += factor * factor;
  }
  const double mean = sum / draws;
  return {mean, squares / draws - mean * mean};
}

constexpr int many = 1'000'000;  // the mean of so many has a standard error of 0.1 %

TEST(Jitter, IsExponentialWithMeanOne) {
  const Moments found = moments_of({.kind = Kind::exponential}, many);
  EXPECT_NEAR(found.mean, 1, 0.004);
  EXPECT_NEAR(found.variance, 1, 0.015);
}

TEST(Jitter, IsLognormalWithMeanOneWhateverSigma) {
  for (const double sigma : {0.1, 0.5, 1.0}) {
    const Moments found = moments_of({.kind = Kind::lognormal, .sigma = sigma}, many);
    EXPECT_NEAR(found.mean, 1, 0.01) << sigma;
    EXPECT_NEAR(found.variance / std::expm1(sigma * sigma), 1, 0.1) << sigma;
  }
}

TEST(Jitter, TakesTheFactorsOfATraceInTurnFromAPlaceOfTheRanksOwn) {
  const Jitter jitter{.kind = Kind::trace, .factors = {1, 2, 3, 4, 5, 6, 7}};
  std::vector<double> firsts;
  for (Rank rank = 0; rank < 8; ++rank) {
    Slowness slowness{jitter, rank};
    firsts.push_back(slowness.factor());
    double before = firsts.back();
    for (int i = 0; i < 20; ++i) {
      slowness.received();
      EXPECT_EQ(slowness.factor(), before == 7 ? 1 : before + 1);
      before = slowness.factor();
    }
  }
  EXPECT_NE(firsts, std::vector<double>(8, firsts.front()));
}

TEST(Jitter, HoldsUntilTheNextMessage) {
  const Jitter none{.kind = Kind::none};
  Slowness slowness{none, 0};
  EXPECT_EQ(slowness.factor(), 1);
  const Jitter jitter{.kind = Kind::exponential};
  Slowness random{jitter, 0};
  const double first = random.factor();
  EXPECT_EQ(random.factor(), first);
  random.received();
  EXPECT_NE(random.factor(), first);
}

TEST(Jitter, DiffersBetweenRanksAndSeeds) {
  const Jitter one{.kind = Kind::exponential, .seed = 1}, two{.kind = Kind::exponential, .seed = 2};
  EXPECT_NE(Slowness(one, 0).factor(), Slowness(one, 1).factor());
  EXPECT_NE(Slowness(one, 0).factor(), Slowness(two, 0).factor());
  EXPECT_EQ(Slowness(one, 5).factor(), Slowness(one, 5).factor());
}

/// n values at 1 GFLOP/s.
Kernel work_of(double seconds) {
  return Scale{.a = 1, .x = Slice::phantom(static_cast<std::size_t>(seconds * 1e9))};
}

TEST(SimulatedJitter, GivesAllKernelsBetweenTwoMessagesOneFactor) {
  const Jitter jitter{.kind = Kind::exponential, .seed = 7};
  std::vector<double> took;
  test::run_on({.processor = {.speed = {1e9}}, .options = {.jitter = jitter}},
               [&](Communicator& comm) {
                 if (comm.rank() == 1) {
                   for (int i = 0; i < 3; ++i) send(comm, 0, Tag{0}, Slice::phantom(1));
                   return;
                 }
                 for (int i = 0; i < 3; ++i) {
                   receive(comm, 1, Tag{0}, Slice::phantom(1));
                   for (int kernel = 0; kernel < 2; ++kernel) {
                     const Seconds start = comm.now();
                     compute(comm, work_of(1));
                     took.push_back((comm.now() - start).count());
                   }
                 }
               });
  Slowness expected{jitter, 0};
  for (std::size_t i = 0; i < 6; i += 2) {
    expected.received();
    EXPECT_NEAR(took[i], expected.factor(), 1e-9);
    EXPECT_NEAR(took[i + 1], expected.factor(), 1e-9);
  }
}

}  // namespace
}  // namespace troupe::sim
