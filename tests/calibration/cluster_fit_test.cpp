// From times to a cluster of equal nodes: what is recovered under noise, and what is admitted.

#include "analysis/cluster_fit.hpp"

#include <gmock/gmock.h>

#include "core/errors.hpp"
#include "core/random.hpp"

namespace troupe::analysis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two nodes of four ranks: a switch inside, a card for each rank, rails.
struct Cluster {
  double inside = 1e-6, rail = 4e-6, across = 6e-6;  // seconds of a message
  double port = 100e9, card = 10e9;                  // bytes a second
  double noise = 0;                                  // relative, of each median
  double slow_rank = 1;                              // factor on the times of rank 5
};

MeasuredLinks measured(const Cluster& cluster) {
  SplitMix64 random{7};
  MeasuredLinks links;
  const auto disturbed = [&](double time) {
    return Seconds{time * random.uniform(1 - cluster.noise, 1 + cluster.noise)};
  };
  for (int rank = 0; rank < 8; ++rank) links.hosts.push_back(rank < 4 ? "a" : "b");
  links.speeds.resize(8, {{1e12}, {1e11}});
  for (Rank a = 0; a < 8; ++a)
    for (Rank b = a + 1; b < 8; ++b) {
      const bool near = a / 4 == b / 4;
      const double alpha = near ? cluster.inside : a % 4 == b % 4 ? cluster.rail : cluster.across;
      const double rate = near ? cluster.port : cluster.card;
      const double slower = a == 5 || b == 5 ? cluster.slow_rank : 1;
      auto& pair = links.pairs.emplace_back(PairTimes{.a = a, .b = b, .points = {}});
      for (double bytes = 1; bytes <= 4 << 20; bytes *= 8)
        pair.points.push_back({.bytes = {static_cast<std::uint64_t>(bytes)},
                               .time = disturbed(slower * (alpha + bytes / rate)),
                               .spread = Seconds{cluster.noise * (alpha + bytes / rate)},
                               .rounds = 20});
    }
  return links;
}

/// All ranks of a node to those of the other, each so many times as long as alone.
void cross(MeasuredLinks& links, const Cluster& cluster, int flows, double slowdown) {
  MeetingTimes meeting{.kind = MeetingTimes::Kind::crossing, .flows = {}, .points = {}};
  for (Rank rank = 0; rank < flows; ++rank) meeting.flows.emplace_back(rank, rank + 4);
  for (const double bytes : {1 << 20, 4 << 20})
    meeting.points.push_back({.bytes = {static_cast<std::uint64_t>(bytes)},
                              .time = Seconds{3 * cluster.rail + slowdown * bytes / cluster.card},
                              .spread = {},
                              .rounds = 20});
  links.meetings.push_back(meeting);
}

TEST(ClusterFit, FindsCardsAndRailsUnderNoise) {
  for (const double noise : {0.0, 0.02}) {
    const Cluster cluster{.noise = noise};
    auto links = measured(cluster);
    cross(links, cluster, 4, 1);
    const auto fit = fit_cluster(links);
    const double tolerance = noise > 0 ? 0.02 : 1e-6;
    EXPECT_EQ(fit.nodes, 2);
    EXPECT_EQ(fit.gpus, 4);
    EXPECT_EQ(fit.cards, 4);
    EXPECT_NEAR(fit.inside.latency / Seconds{5e-7}, 1, tolerance);
    EXPECT_NEAR(fit.inside.bandwidth.value / 100e9, 1, tolerance);
    EXPECT_NEAR(fit.card.latency / Seconds{2e-6}, 1, tolerance);
    EXPECT_NEAR(fit.card.bandwidth.value / 10e9, 1, tolerance);
    ASSERT_TRUE(fit.between_rails.has_value());
    EXPECT_NEAR(fit.between_rails->latency / Seconds{1e-6}, 1, 5 * tolerance);
    EXPECT_THAT(fit.doubts, ElementsAre(HasSubstr("between rails")));
    EXPECT_LE(fit.residual, noise + 1e-9);
  }
}

TEST(ClusterFit, WhatIsWithinTheNoiseIsNoRail) {
  const Cluster cluster{.across = 4.1e-6, .noise = 0.03};
  auto links = measured(cluster);
  cross(links, cluster, 4, 1);
  EXPECT_FALSE(fit_cluster(links).between_rails.has_value());
}

TEST(ClusterFit, ARankThatDiffersFromAllOthersIsOneDoubtAndMovesNothing) {
  const Cluster cluster{.slow_rank = 2};
  auto links = measured(cluster);
  cross(links, cluster, 4, 1);
  const auto fit = fit_cluster(links);
  EXPECT_NEAR(fit.card.bandwidth.value, 10e9, 1e6);
  EXPECT_NEAR(fit.inside.latency.count(), 5e-7, 1e-10);
  EXPECT_THAT(fit.doubts, Contains(HasSubstr("7 of 28 pairs are more than 10 % off")));
}

TEST(ClusterFit, CountsTheCardsThatRanksShare) {
  const Cluster cluster{.across = 4e-6};
  const auto cards = [&](double all, double neighbours) {
    auto links = measured(cluster);
    cross(links, cluster, 4, all);
    cross(links, cluster, 2, neighbours);
    return fit_cluster(links);
  };
  EXPECT_EQ(cards(2, 2).cards, 2);
  EXPECT_EQ(cards(4, 2).cards, 1);
  EXPECT_FALSE(cards(4, 2).host_link.has_value());
  // Two ranks fit into a card side by side, four do not.
  const auto wide = cards(4.0 / 3, 1);
  EXPECT_EQ(wide.cards, 1);
  EXPECT_NEAR(wide.card.bandwidth.value, 30e9, 1e6);
  ASSERT_TRUE(wide.host_link.has_value());
  EXPECT_NEAR(wide.host_link->value, 10e9, 1e6);
  EXPECT_THAT(wide.doubts, Contains(HasSubstr("one card or several is not seen")));
}

TEST(ClusterFit, RefusesWhatIsNoCluster) {
  auto links = measured({});
  links.hosts.back() = "c";
  EXPECT_THROW(fit_cluster(links), BadInput);
  links = measured({});
  for (auto& point : links.pairs[3].points) point.time = Seconds{1e-6};
  EXPECT_THROW(fit_cluster(links), BadInput);
  links = measured({});
  links.pairs[3].points[2].time = Seconds{-1};
  EXPECT_THROW(fit_cluster(links), BadInput);
}

TEST(ClusterFit, SaysHowManyRanksShareAProcessorWhereTheyTakeThemInTurn) {
  const auto shared = [](std::vector<std::string> processors) {
    auto links = measured(Cluster{});
    links.processors = std::move(processors);
    return fit_cluster(links);
  };
  // Names are those of a node: equal ones on two nodes are two processors.
  EXPECT_EQ(shared({"x", "y", "x", "y", "x", "y", "x", "y"}).hosts_per_gpu, 2);
  EXPECT_EQ(shared({"x", "x", "x", "x", "z", "z", "z", "z"}).hosts_per_gpu, 4);
  EXPECT_EQ(shared({"", "", "", "", "", "", "", ""}).hosts_per_gpu, 1);
  EXPECT_EQ(shared({"1", "2", "3", "4", "1", "2", "3", "4"}).hosts_per_gpu, 1);
  EXPECT_EQ(shared({}).hosts_per_gpu, 1);
  for (const auto& otherwise : {std::vector<std::string>{"x", "x", "y", "y", "x", "x", "y", "y"},
                                {"x", "y", "x", "y", "x", "y", "z", "w"},
                                {"x", "y", "x", "", "x", "y", "x", ""}}) {
    const auto fit = shared(otherwise);
    EXPECT_EQ(fit.hosts_per_gpu, 1);
    EXPECT_THAT(fit.doubts, Contains(HasSubstr("share processors, but not in turn")));
  }
}

}  // namespace
}  // namespace troupe::analysis
