// From times to a network: what is recovered, with noise and outliers, and what is admitted.

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "analysis/calibrated_platform.hpp"
#include "analysis/link_fit.hpp"
#include "core/random.hpp"

namespace troupe::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Hosts on cables of their own, in racks on cables that their hosts share.
struct Network {
  std::vector<double> latency, bandwidth;  // of hosts: seconds, bytes a second
  std::vector<int> rack;
  double rack_latency = 0, rack_bandwidth = 1e300;
  double cross_traffic = 0;
  double noise = 0;  // relative, of each median
  std::uint64_t asks_above = UINT64_MAX;
  double asking = 0;
};

class Laboratory {
 public:
  explicit Laboratory(Network network) : network_{std::move(network)} {}

  double time(int a, int b, double bytes) {
    const auto at = [](int host) { return static_cast<std::size_t>(host); };
    double alpha = network_.latency[at(a)] + network_.latency[at(b)];
    double rate = std::min(network_.bandwidth[at(a)], network_.bandwidth[at(b)]);
    if (network_.rack[at(a)] != network_.rack[at(b)]) {
      alpha += 2 * network_.rack_latency;
      rate = std::min(rate, network_.rack_bandwidth);
    }
    if (bytes > static_cast<double>(network_.asks_above)) alpha += network_.asking;
    return (alpha + bytes / rate) * disturbed();
  }

  MeasuredLinks measure() {
    MeasuredLinks links;
    const auto n = static_cast<int>(network_.latency.size());
    links.speeds.resize(network_.latency.size(), {{1e9}, {1e9}});
    for (int host = 0; host < n; ++host) links.hosts.push_back("h" + std::to_string(host));
    for (int a = 0; a < n; ++a)
      for (int b = a + 1; b < n; ++b) {
        auto& pair = links.pairs.emplace_back(PairTimes{.a = a, .b = b, .points = {}});
        for (double bytes = 1; bytes <= 4 << 20; bytes *= 2)
          pair.points.push_back(point(bytes, time(a, b, bytes)));
      }
    meet(links, MeetingTimes::Kind::two_way, {{0, 1}, {1, 0}}, 1 + network_.cross_traffic);
    return links;
  }

  /// Flows that take together so many times as long as the first alone.
  void meet(MeasuredLinks& links, MeetingTimes::Kind kind, std::vector<Flow> flows,
            double slowdown) {
    auto& meeting = links.meetings.emplace_back(MeetingTimes{kind, flows, {}});
    const auto [from, to] = flows.front();
    const double latency = time(from, to, 0);
    for (const double bytes : {1 << 20, 4 << 20})
      meeting.points.push_back(
          point(bytes, latency + slowdown * (time(from, to, bytes) - latency)));
  }

 private:
  double disturbed() {
    if (network_.noise == 0) return 1;
    return random_.uniform(1 - network_.noise, 1 + network_.noise);
  }
  RoundTime point(double bytes, double seconds) const {
    return {.bytes = {static_cast<std::uint64_t>(bytes)},
            .time = Seconds{seconds},
            .spread = Seconds{seconds * network_.noise * 2},
            .rounds = 9};
  }

  Network network_;
  SplitMix64 random_{7};
};

const Network star{
    .latency = {1e-3, 1e-3, 1e-3, 1e-3}, .bandwidth = {1e7, 1e7, 1e7, 1e7}, .rack = {0, 0, 0, 0}};
const Network uneven{.latency = {1e-4, 2e-4, 4e-4, 8e-4, 1e-4},
                     .bandwidth = {1e8, 1e8, 1e8, 2e7, 5e6},
                     .rack = {0, 0, 0, 0, 0}};
const Network racks{.latency = {1e-4, 1e-4, 2e-4, 1e-4, 1e-4, 2e-4},
                    .bandwidth = {1e8, 1e8, 1e8, 1e8, 1e8, 1e8},
                    .rack = {0, 0, 0, 1, 1, 1},
                    .rack_latency = 5e-4,
                    .rack_bandwidth = 1.2e8};

void expect_recovered(const LinkFit& fit, const Network& network, double tolerance) {
  ASSERT_EQ(fit.ranks.size(), network.latency.size());
  for (std::size_t host = 0; host < fit.ranks.size(); ++host) {
    EXPECT_NEAR(fit.ranks[host].latency.count() / network.latency[host], 1, tolerance) << host;
    EXPECT_NEAR(fit.ranks[host].bandwidth.value / network.bandwidth[host], 1, tolerance) << host;
  }
}

TEST(LinkFit, RecoversHostsOnASwitch) {
  for (const auto& network : {star, uneven}) {
    const auto fit = fit_links(Laboratory{network}.measure());
    expect_recovered(fit, network, 1e-9);
    EXPECT_EQ(fit.factors.size(), 1u);
    EXPECT_THAT(fit.groups, IsEmpty());
    EXPECT_THAT(fit.doubts, IsEmpty());
    EXPECT_LT(fit.residual, 1e-9);
  }
}

TEST(LinkFit, RecoversThemFromNoisyTimesToAPerCent) {
  for (auto network : {star, uneven}) {
    network.noise = 0.01;
    expect_recovered(fit_links(Laboratory{network}.measure()), network, 0.01);
  }
}

/// Two ranks on cables of 100 Mbit/s: medians and median deviations of messages over TCP. Those of
/// few bytes differ by what a scheduler does; from 64 KiB on the times are a straight line.
TEST(LinkFit, TimesThatAreWellKnownCountMore) {
  MeasuredLinks links;
  links.hosts = {"a", "b"};
  links.speeds.resize(2, {{1e9}, {1e9}});
  auto& points = links.pairs.emplace_back(PairTimes{.a = 0, .b = 1, .points = {}}).points;
  const auto took = [&](std::uint64_t bytes, double time, double spread, int rounds) {
    points.push_back({{bytes}, Seconds{time * 1e-3}, Seconds{spread * 1e-3}, rounds});
  };
  took(1, 2.466, 0.073, 20);
  took(4, 2.489, 0.058, 20);
  took(16, 2.510, 0.031, 20);
  took(64, 2.375, 0.031, 20);
  took(256, 2.423, 0.038, 20);
  took(1024, 2.622, 0.049, 20);
  took(4096, 2.880, 0.020, 18);
  took(16384, 3.959, 0.039, 13);
  took(65536, 8.329, 0.101, 7);
  took(262144, 24.875, 0.059, 5);
  took(1048576, 91.111, 0.067, 5);
  const auto fit = fit_links(links);
  for (const auto& point : points) {
    const double tolerance = noise_of(point) < 0.005 ? 0.005 : 0.05;
    EXPECT_NEAR(fit.time(0, 1, point.bytes) / point.time, 1, tolerance) << point.bytes.value;
  }
}

TEST(LinkFit, TellsWhetherMessagesOfAPairFollowEachOther) {
  const auto fit_of = [](double slowdown) {
    Laboratory laboratory{star};
    auto links = laboratory.measure();
    laboratory.meet(links, MeetingTimes::Kind::burst, {{0, 1}, {0, 1}}, slowdown);
    return fit_links(links);
  };
  EXPECT_TRUE(fit_of(1).one_connection);
  EXPECT_FALSE(fit_of(2).one_connection);
  EXPECT_THAT(fit_of(2).doubts, IsEmpty());
  EXPECT_THAT(fit_of(1.4).doubts, testing::Contains(HasSubstr("first of two messages at once")));
  EXPECT_FALSE(fit_links(Laboratory{star}.measure()).one_connection);  // nobody has looked
}

TEST(LinkFit, LeavesOutSizesThatDisagreeWithAllOthers) {
  auto links = Laboratory{star}.measure();
  for (auto& pair : links.pairs) {
    pair.points[3].time *= 5;
    pair.points[20].time *= 3;
  }
  const auto fit = fit_links(links);
  expect_recovered(fit, star, 0.01);
  EXPECT_THAT(fit.doubts, testing::Contains(HasSubstr("disagree with all others")));
}

TEST(LinkFit, NamesPairsThatDisagreeWithTheirHosts) {
  auto links = Laboratory{uneven}.measure();
  for (auto& point : links.pairs[1].points) point.time *= 3;  // h0 and h2
  const auto fit = fit_links(links);
  expect_recovered(fit, uneven, 0.01);
  EXPECT_TRUE(fit.pairs[1].is_outlier);
  EXPECT_EQ(std::ranges::count(fit.pairs, true, &PairFit::is_outlier), 1);
  EXPECT_THAT(fit.doubts, testing::Contains(HasSubstr("h0 and h2: a latency of")));
}

TEST(LinkFit, FindsRacksAndTheCablesTheyShare) {
  for (const double noise : {0.0, 0.005}) {
    auto network = racks;
    network.noise = noise;
    Laboratory laboratory{network};
    auto links = laboratory.measure();
    // Three messages of 1e8 each on a cable of 1.2e8.
    laboratory.meet(links, MeetingTimes::Kind::crossing, {{0, 3}, {1, 4}, {2, 5}}, 2.5);
    const auto fit = fit_links(links);
    EXPECT_THAT(fit.group_of_rank, ElementsAre(0, 0, 0, 1, 1, 1));
    const double tolerance = noise > 0 ? 0.02 : 1e-6;
    ASSERT_EQ(fit.groups.size(), 2u);
    for (const auto& group : fit.groups) {
      EXPECT_NEAR(group.latency.count() / racks.rack_latency, 1, tolerance);
      EXPECT_NEAR(group.bandwidth.value / racks.rack_bandwidth, 1, tolerance);
      EXPECT_FALSE(group.at_least);
    }
    EXPECT_THAT(fit.doubts, testing::Contains(HasSubstr("seen in sums only")));
  }
}

TEST(LinkFit, RanksOfOneComputerAreANodeWithACardThatTheyShare) {
  auto network = racks;
  network.rack_bandwidth = 5e7;
  Laboratory laboratory{network};
  auto links = laboratory.measure();
  links.hosts = {"a", "a", "a", "b", "b", "b"};
  laboratory.meet(links, MeetingTimes::Kind::crossing, {{0, 3}, {1, 4}, {2, 5}}, 3);
  const auto fit = fit_links(links);
  EXPECT_THAT(fit.hosts, ElementsAre("a-0", "a-1", "a-2", "b-0", "b-1", "b-2"));
  EXPECT_NEAR(fit.groups[0].bandwidth.value, 5e7, 1);
  const auto xml = to_xml(fit, {.backend = "mpi"});
  EXPECT_THAT(xml, HasSubstr("<prop id=\"node\" value=\"b\"/>"));
  EXPECT_THAT(xml, HasSubstr("<link id=\"a_UP\" bandwidth=\"5e+07Bps\""));
}

TEST(LinkFit, WhatTheSizeChangesIsToldFromMessagesBetweenComputers) {
  auto links = Laboratory{racks}.measure();
  links.hosts = {"a", "a", "a", "b", "b", "b"};
  for (auto& pair : links.pairs)
    for (auto& point : pair.points)
      if (pair.a / 3 != pair.b / 3 && point.bytes.value > 65536) point.time += Seconds{4e-3};
  const auto fit = fit_links(links);
  ASSERT_EQ(fit.factors.size(), 2u);
  EXPECT_EQ(fit.factors[1].above.value, 65536u);
  EXPECT_GT(fit.factors[1].latency, 3);
}

TEST(LinkFit, FindsWhereMpiAsksBeforeItSends) {
  auto network = star;
  network.asks_above = 65536;
  network.asking = 4e-3;
  const auto fit = fit_links(Laboratory{network}.measure());
  ASSERT_EQ(fit.factors.size(), 2u);
  EXPECT_EQ(fit.factors[1].above.value, 65536u);
  EXPECT_NEAR(fit.factors[1].latency, 3, 1e-6);
  ASSERT_TRUE(fit.asks_above.has_value());
  EXPECT_EQ(fit.asks_above->value, 65536u);
  EXPECT_NEAR(fit.asking.count(), 4e-3, 1e-9);
  expect_recovered(fit, star, 1e-6);
}

TEST(LinkFit, SizesInARowThatDisagreeAreAProtocolAndNoMistake) {
  // As MPI within a memory: 1.5 us up to 256 B, 1.2 to 2 KiB, then twice that and 18 GB/s.
  MeasuredLinks links{
      .hosts = {"h", "h"}, .speeds = {{}, {}}, .pairs = {{0, 1, {}}}, .meetings = {}};
  const auto seconds = [](double bytes) {
    return bytes <= 256 ? 1.5e-6 : bytes <= 2048 ? 1.2e-6 + bytes / 12e9 : 2.8e-6 + bytes / 18e9;
  };
  for (std::uint64_t bytes = 1; bytes <= 4 << 20; bytes *= 2)
    links.pairs[0].points.push_back({.bytes = {bytes},
                                     .time = Seconds{seconds(static_cast<double>(bytes))},
                                     .spread = {},
                                     .rounds = 60});
  const auto fit = fit_links(links);
  EXPECT_LT(fit.residual, 0.01);
  ASSERT_EQ(fit.factors.size(), 3u);
  EXPECT_EQ(fit.factors[1].above.value, 256u);
  EXPECT_EQ(fit.factors[2].above.value, 2048u);
  EXPECT_THAT(fit.doubts, testing::Not(testing::Contains(HasSubstr("left out"))));
}

TEST(LinkFit, TheEndOfACacheIsNoQuestionOfMpi) {
  auto network = star;
  network.asks_above = 65536;
  network.asking = 20e-3;  // ten latencies
  EXPECT_FALSE(fit_links(Laboratory{network}.measure()).asks_above.has_value());
}

TEST(LinkFit, DividesASmallCrossTrafficBetweenOneWayAndBoth) {
  const auto charged = [](double cross_traffic) {
    auto network = star;
    network.cross_traffic = cross_traffic;
    return fit_links(Laboratory{network}.measure());
  };
  const auto none = charged(0.008), some = charged(0.044), half = charged(1);
  EXPECT_EQ(none.charge, LinkFit::Charge::none);
  EXPECT_NEAR(none.ranks[0].bandwidth.value, 1e7 * 0.996, 1);
  EXPECT_EQ(some.charge, LinkFit::Charge::of_simgrid);
  EXPECT_NEAR(some.ranks[0].bandwidth.value, 1e7 * 1.003, 1);
  EXPECT_THAT(to_xml(some, {.backend = "mpi"}),
              HasSubstr("<prop id=\"network/crosstraffic\" value=\"1\"/>"));
  EXPECT_EQ(half.charge, LinkFit::Charge::shared_link);
  EXPECT_THAT(to_xml(half, {.backend = "mpi"}),
              HasSubstr("<link id=\"h0_BOTH\" bandwidth=\"1e+07Bps\" latency=\"0s\"/>"));
  // SimGrid knows of nothing between none and 5 %.
  EXPECT_EQ(charged(0.025).charge, LinkFit::Charge::shared_link);
}

TEST(LinkFit, SaysWhatTheDataCannotTell) {
  const Network two{.latency = {1e-3, 3e-3}, .bandwidth = {1e7, 2e7}, .rack = {0, 0}};
  auto links = Laboratory{two}.measure();
  const auto fit = fit_links(links);
  EXPECT_NEAR(fit.ranks[0].latency.count(), 2e-3, 1e-9);
  EXPECT_TRUE(fit.ranks[0].at_least && fit.ranks[1].at_least);
  EXPECT_THAT(fit.doubts, ElementsAre(HasSubstr("h0 and h1 are seen in sums only"),
                                      HasSubstr("one of them may be faster")));
  links.pairs[0].points = {links.pairs[0].points.back()};
  EXPECT_THAT(fit_links(links).doubts,
              testing::Contains(HasSubstr("one size alone does not tell latency from bandwidth")));
}

TEST(LinkFit, NoTermIsNegative) {
  // The largest message is so fast that a line would begin below zero.
  MeasuredLinks links{.hosts = {"a", "b"}, .speeds = {{}, {}}, .pairs = {}, .meetings = {}};
  const auto point = [](std::uint64_t bytes, double seconds) {
    return RoundTime{.bytes = {bytes}, .time = Seconds{seconds}, .spread = {}, .rounds = 9};
  };
  links.pairs.push_back({0, 1, {point(1000, 1e-6), point(2000, 2.5e-6), point(4000, 6e-6)}});
  const auto fit = fit_links(links);
  EXPECT_GE(fit.ranks[0].latency.count(), 0);
  EXPECT_GT(fit.ranks[0].bandwidth.value, 0);
  EXPECT_THAT(to_xml(fit, {.backend = "mpi"}), testing::Not(HasSubstr("\"-")));
}

TEST(LinkFit, RefusesTimesThatAreNone) {
  const auto said = [](const MeasuredLinks& links) {
    try {
      fit_links(links);
    } catch (const BadInput& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_THAT(said({}), HasSubstr("no pair of ranks was measured"));
  auto links = Laboratory{star}.measure();
  links.pairs[1].points[2].time = Seconds{std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT(said(links), HasSubstr("ranks 0 and 2: 4 B took nan s: expected a time above 0"));
  links.pairs[1].points.clear();
  EXPECT_THAT(said(links), HasSubstr("ranks 0 and 2: no message was fast enough to be timed"));
  links = Laboratory{star}.measure();
  for (auto& point : links.pairs[0].points) point.time = Seconds{1e-3};
  EXPECT_THAT(said(links), HasSubstr("h0 and h1: longer messages take no longer"));
}

}  // namespace
}  // namespace troupe::analysis
