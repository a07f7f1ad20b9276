// Messages timed alone and together take what the simulated network says they should.

#include <gtest/gtest.h>

#include "algorithms/microbenchmarks/survey.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::algorithms {
namespace {

constexpr Bytes bytes{1000};
const RoundChoice once{.warm_up = 1, .least = 1, .most = 1, .phantom = true};

/// Words that begin or confirm a round are a few bytes long.
constexpr double words = 0.005;  // us

/// On a star a message takes 2 us and a nanosecond a byte; what rank `told` was told, in us.
double timed(int ranks, Rank told,
             const std::function<std::optional<RoundTime>(Communicator&)>& measure,
             sim::Options options = {}) {
  double time = -1;
  test::LogGPStar star;
  star.ranks = ranks;
  star.options = options;
  test::run_on(star, [&](Communicator& comm) {
    const auto result = measure(comm);
    EXPECT_EQ(result.has_value(), comm.rank() == told);
    if (result) time = result->time.count() * 1e6;
  });
  return time;
}

TEST(Messages, OneWayIsLatencyAndBytes) {
  EXPECT_NEAR(timed(2, 0, [](auto& comm) { return ping_pong(comm, 0, 1, bytes, once); }), 3, 1e-9);
}

TEST(Messages, BothWaysOfACableTakeAsLongAsOneWhereTheyDoNotMeet) {
  const std::vector<Rank> two{0, 1}, three{0, 1, 2};
  for (const std::uint64_t eager : {0u, 4096u}) {
    const sim::Options options{.eager_limit = {eager}};
    EXPECT_NEAR(timed(
                    2, 0, [&](auto& comm) { return two_way(comm, two, bytes, once); }, options),
                3, words);
    EXPECT_NEAR(timed(
                    3, 0, [&](auto& comm) { return two_way(comm, three, bytes, once); }, options),
                3, words);
  }
}

TEST(Messages, ManyIntoOneQueueAtItsPort) {
  const std::vector<Rank> senders{0, 1, 3};
  // Asked for (2 us), under way (2 us), and three times a microsecond.
  EXPECT_NEAR(timed(4, 2, [&](auto& comm) { return incast(comm, 2, senders, bytes, once); }),
              2 + 2 + 3, words);
}

TEST(Messages, CrossingsOfASwitchDoNotMeet) {
  const std::vector<Flow> flows{{0, 2}, {1, 3}};
  // Asked for, under way, and confirmed.
  EXPECT_NEAR(timed(4, 0, [&](auto& comm) { return crossing(comm, flows, bytes, once); }),
              2 + 3 + 2, words);
}

TEST(Messages, TheFirstOfTwoTakesAsLongAsAloneWhereTheyFollowEachOther) {
  EXPECT_NEAR(timed(2, 0, [](auto& comm) { return burst(comm, 0, 1, bytes, once); }), 3 + 2, words);
}

TEST(Messages, WhatTakesTooLongIsLeftOut) {
  RoundChoice choice = once;
  choice.longest = Seconds{2.5e-6};
  test::run_on(test::LogGPStar{.ranks = 2}, [&](Communicator& comm) {
    EXPECT_FALSE(ping_pong(comm, 0, 1, bytes, choice).has_value());
  });
}

TEST(Rounds, AMedianAndItsDeviationDoNotMoveWithOutliers) {
  const auto summary =
      summary_of({Seconds{3}, Seconds{1}, Seconds{2}, Seconds{500}, Seconds{4}}, Bytes{7});
  EXPECT_EQ(summary.time.count(), 3);
  EXPECT_EQ(summary.spread.count(), 1);
  EXPECT_EQ(summary.rounds, 5);
  EXPECT_EQ(summary.bytes.value, 7u);
  EXPECT_EQ(summary_of({Seconds{1}, Seconds{2}}, {}).time.count(), 1.5);
}

TEST(Survey, TimesAllPairsOfFewRanksAndASampleOfMany) {
  const SurveyChoice few{.sizes = {{1}, {1000}}, .rounds = once};
  SurveyChoice sampled = few;
  sampled.all_pairs_up_to = 8;
  const auto pairs_on = [](int ranks, const SurveyChoice& choice) {
    MeasuredLinks links;
    test::run_on(test::LogGPStar{.ranks = ranks}, [&](Communicator& comm) {
      auto measured = survey(comm, choice, [ranks](const MeasuredLinks&) {
        return std::vector<int>(static_cast<std::size_t>(ranks), 0);
      });
      if (comm.rank() == 0) links = std::move(measured);
    });
    return links;
  };
  const auto all = pairs_on(5, few);
  EXPECT_EQ(all.pairs.size(), 10u);
  for (const auto& pair : all.pairs) EXPECT_EQ(pair.points.size(), 2u);
  // Both ways between two and among three, into rank 0, from the first half to the second, and two
  // messages of a pair.
  EXPECT_EQ(all.meetings.size(), 5u);
  EXPECT_EQ(all.speeds.size(), 5u);
  // Of 10 ranks those 1, 2 and 4 apart, around the end.
  EXPECT_EQ(pairs_on(10, sampled).pairs.size(), 30u);
}

}  // namespace
}  // namespace troupe::algorithms
