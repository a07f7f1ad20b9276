// What is told about loaded platforms, against figures known from their topology.

#include "platforms/simgrid/survey.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "loaded.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

constexpr double cable = 1.25e9;  // bytes per second, of all shipped XML but one

void expect_bisection(const PlatformSpec& spec, double expected) {
  const Loaded loaded{spec};
  EXPECT_NEAR(survey(loaded.platform).bisection.value / expected, 1, 1e-9);
}

TEST(Bisection, OfAStarIsHalfItsHosts) { expect_bisection(shipped("star_16.xml"), 8 * cable); }
TEST(Bisection, OfAFatTreeIsTheCablesAboveHalfItsLeaves) {
  expect_bisection(shipped("fat_tree_64.xml"), 4 * 4 * cable);
}
TEST(Bisection, OfATorusIsTwoCablesForEachColumn) {
  expect_bisection(shipped("torus_8x8.xml"), 2 * 8 * cable);
}
TEST(Bisection, OfAHypercubeIsHalfItsHosts) {
  expect_bisection(shipped("hypercube_16.xml"), 8 * cable);
}
TEST(Bisection, OfAButterflyIsTheCablesFromHalfToHalf) {
  expect_bisection(shipped("butterfly_16.xml"), 2 * 2 * cable);
}
TEST(Bisection, OfADragonflyIsTheGlobalCablesFromHalfToHalf) {
  expect_bisection(shipped("dragonfly_64.xml"), 2 * 2 * cable);
}
TEST(Bisection, OfTwoSitesIsTheWan) { expect_bisection(shipped("two_sites_wan.xml"), 0.125e9); }
TEST(Bisection, OfTwoDgxIsTheCardsOfOne) { expect_bisection(shipped("dgx_h100_2.json"), 8 * 50e9); }
TEST(Bisection, OfManyHostsIsEstimatedFromSomePairs) {
  const Loaded loaded{generated(R"({"kind": "fat_tree", "down": [16, 32], "up": [1, 8],
                                    "bandwidth": 1e9, "latency": "1us"})")};
  EXPECT_NEAR(survey(loaded.platform).bisection.value / (16 * 8 * 1e9), 1, 0.02);
}

TEST(Survey, TellsCostsRawAndEffective) {
  const Loaded loaded{shipped("star_16.xml"), {"network/model:LV08"}};
  const PlatformSummary summary = survey(loaded.platform);
  EXPECT_EQ(summary.pairs, 16 * 15);
  EXPECT_DOUBLE_EQ(summary.raw.alpha_median.count(), 2e-6);
  EXPECT_DOUBLE_EQ(summary.effective.alpha_median.count(), 2e-6 * 13.01);
  EXPECT_DOUBLE_EQ(summary.raw.beta_max, 1 / cable);
  EXPECT_DOUBLE_EQ(summary.effective.beta_max, 1 / (0.97 * cable));
  EXPECT_DOUBLE_EQ(summary.gamma, 0.25 / 10e9);
  EXPECT_EQ(summary.asymmetric_pairs, 0);
}

TEST(Survey, TellsMedianAndWorstPair) {
  const Loaded loaded{shipped("fat_tree_64.xml")};
  const PlatformSummary summary = survey(loaded.platform);
  EXPECT_DOUBLE_EQ(summary.effective.alpha_median.count(), 4e-6);
  EXPECT_DOUBLE_EQ(summary.effective.alpha_max.count(), 4e-6);
  EXPECT_EQ(summary.nodes, 8);
  EXPECT_EQ(summary.links.size(), 2u * (64 + 32));
  EXPECT_EQ(summary.graph.vertices, 64 + 8 + 4);
}

TEST(Survey, LeavesRanksOfOneHostOut) {
  PlatformSpec spec = shipped("star_16.xml");
  spec.placement.ranks_per_host = 2;
  spec.placement.ranks = 4;
  const Loaded loaded{spec};
  const PlatformSummary summary = survey(loaded.platform);
  EXPECT_EQ(summary.pairs, 8);
  EXPECT_EQ(summary.nodes, 2);
  EXPECT_EQ(summary.hosts.size(), 16u);
}

TEST(Survey, OfAGpuClusterTakesDevicesIntoAccount) {
  const Loaded loaded{shipped("dgx_h100_2.json")};
  const PlatformSummary summary = survey(loaded.platform);
  EXPECT_EQ(summary.hosts[0].device, "H100");
  EXPECT_DOUBLE_EQ(summary.gamma, 3 / 3.35e12);
  EXPECT_EQ(summary.nodes, 2);
  EXPECT_TRUE(check(summary).empty()) << check(summary).front().text;
}

TEST(Survey, OfManyRanksSaysThatItLookedAtSome) {
  const Loaded loaded{
      generated(R"({"kind": "star", "hosts": 300, "bandwidth": 1e9, "latency": "1us"})")};
  EXPECT_THAT(survey(loaded.platform).notes,
              testing::ElementsAre(testing::HasSubstr("of 89700 pairs")));
}

TEST(Survey, LeavesTheGraphOutWhereNobodyWantsIt) {
  const Loaded loaded{shipped("dgx_h100_2.json")};
  const PlatformSummary with = survey(loaded.platform), without = survey(loaded.platform, false);
  EXPECT_GT(with.graph.vertices, 16);
  EXPECT_EQ(without.graph.vertices, 0);
  EXPECT_EQ(to_json(with), to_json(without));
}

TEST(Survey, AsksOurOwnPlatformsForTheWaysThatSimGridTakes) {
  const Loaded loaded{shipped("dgx_h100_pod_32.json")};
  const auto& own = *loaded.platform.own_ways();
  for (const int to : {1, 8, 9, 100, 255}) {
    std::vector<simgrid::s4u::Link*> links;
    for (const int link : own.route(0, to))
      links.push_back(own.links.at(static_cast<std::size_t>(link)));
    EXPECT_EQ(links, loaded.platform.links_between(0, to)) << to;
  }
}

TEST(Survey, KnowsALinkOfAFileThatIsCalledLoopback) {
  const TemporaryFile file{"named.xml", R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <zone id="z" routing="Full">
    <host id="a" speed="1Gf"/><host id="b" speed="1Gf"/>
    <link id="loopback" bandwidth="1GBps" latency="1us"/>
    <route src="a" dst="b"><link_ctn id="loopback"/></route>
  </zone>
</platform>)"};
  const Loaded loaded{platform_file(file.path())};
  EXPECT_DOUBLE_EQ(survey(loaded.platform).bisection.value, 1e9);
}

TEST(Survey, CarriesTheNoticesOfThePlatform) {
  PlatformSpec spec = shipped("star_16.xml");
  const Loaded loaded{spec};
  EXPECT_TRUE(survey(loaded.platform).notes.empty());
}

}  // namespace
}  // namespace troupe::platforms
