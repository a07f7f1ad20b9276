// Routes of the fabrics: short enough, joined up, and as balanced as their papers say.

#include "platforms/fabric.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <bit>
#include <map>
#include <set>

namespace troupe::platforms {
namespace {

using testing::ElementsAre;

const Cable cable{.bandwidth = {1e9}, .latency = Seconds{1e-6}};
std::string port_name(int port) { return fmt::format("p{}", port); }

std::vector<std::string> names(const Fabric& fabric, int from, int to) {
  std::vector<std::string> result;
  for (const int link : fabric.route(from, to))
    result.push_back(fabric.links.at(static_cast<std::size_t>(link)).name);
  return result;
}

/// Flows on the most used link when port p sends to (p + shift) mod n.
int worst_of_shift(const Fabric& fabric, int shift) {
  std::map<int, int> flows;
  int worst = 0;
  for (int port = 0; port < fabric.ports; ++port)
    for (const int link : fabric.route(port, (port + shift) % fabric.ports))
      worst = std::max(worst, ++flows[link]);
  return worst;
}

void expect_distinct_names_and_plain_routes(const Fabric& fabric) {
  std::set<std::string> seen;
  for (const TopologyLink& link : fabric.links)
    EXPECT_TRUE(seen.insert(link.name).second) << link.name << " twice";
  for (int from = 0; from < fabric.ports; ++from)
    for (int to = 0; to < fabric.ports; ++to) {
      if (from == to) continue;
      const LinkPath path = fabric.route(from, to);
      ASSERT_FALSE(path.empty());
      EXPECT_EQ(std::set<int>(path.begin(), path.end()).size(), path.size()) << from << " " << to;
      for (const int link : path) ASSERT_LT(static_cast<std::size_t>(link), fabric.links.size());
    }
}

TEST(Fabric, CrossbarIsUpAndDown) {
  const Fabric fabric = crossbar(4, cable, port_name);
  EXPECT_THAT(names(fabric, 0, 3), ElementsAre("p0_UP", "p3_DOWN"));
  expect_distinct_names_and_plain_routes(fabric);
}

TEST(Fabric, FatTreeClimbsToTheCommonSwitchOnly) {
  const Fabric fabric =
      fat_tree({{4, 4, 2}, {1, 2, 2}, {1, 1, 1}}, std::vector<Cable>(3, cable), port_name);
  ASSERT_EQ(fabric.ports, 32);
  EXPECT_EQ(fabric.route(0, 3).size(), 2u);
  EXPECT_EQ(fabric.route(0, 15).size(), 4u);
  EXPECT_EQ(fabric.route(0, 16).size(), 6u);
  expect_distinct_names_and_plain_routes(fabric);
}

TEST(Fabric, FatTreeWithFullBisectionCarriesEveryShiftWithoutCollision) {
  const Fabric fabric =
      fat_tree({{4, 16}, {1, 4}, {1, 1}}, std::vector<Cable>(2, cable), port_name);
  for (int shift = 1; shift < fabric.ports; ++shift) EXPECT_EQ(worst_of_shift(fabric, shift), 1);
  const Fabric parallel =  // the same with 2 spines and 2 cables to each
      fat_tree({{4, 16}, {1, 2}, {1, 2}}, std::vector<Cable>(2, cable), port_name);
  for (int shift = 1; shift < parallel.ports; ++shift)
    EXPECT_EQ(worst_of_shift(parallel, shift), 1);
  expect_distinct_names_and_plain_routes(parallel);
}

TEST(Fabric, TorusGoesTheShorterWayRoundFromTheFastestDimension) {
  const Fabric fabric = torus(std::vector{3, 5}, cable, port_name);
  EXPECT_THAT(fabric.grid, ElementsAre(3, 5));
  EXPECT_THAT(names(fabric, 0, 7), ElementsAre("p0-d1_UP", "p1-d1_UP", "p2-d0_UP"));
  EXPECT_THAT(names(fabric, 0, 14), ElementsAre("p4-d1_DOWN", "p14-d0_DOWN"));
  expect_distinct_names_and_plain_routes(fabric);
}

TEST(Fabric, TorusOfSidesTwoIsAHypercubeWithOneCableForEachPair) {
  const Fabric fabric = torus(std::vector{2, 2, 2, 2}, cable, port_name);
  EXPECT_EQ(fabric.links.size(), 2u * 32);
  for (int from = 0; from < 16; ++from)
    for (int to = 0; to < 16; ++to)
      if (from != to) {
        EXPECT_EQ(fabric.route(from, to).size(),
                  static_cast<std::size_t>(std::popcount(static_cast<unsigned>(from ^ to))));
      }
  for (const int bit : {1, 2, 4, 8}) {  // all pairs of a dimension exchange at once
    std::set<int> used;
    for (int port = 0; port < 16; ++port)
      for (const int link : fabric.route(port, port ^ bit)) EXPECT_TRUE(used.insert(link).second);
  }
  expect_distinct_names_and_plain_routes(fabric);
}

TEST(Fabric, ButterflyHasOneWayOfAllStagesAndCollidesOnBitReversal) {
  const Fabric fabric = butterfly(2, 4, cable, port_name);
  EXPECT_EQ(fabric.links.size(), 5u * 16);
  EXPECT_EQ(fabric.route(3, 12).size(), 5u);
  expect_distinct_names_and_plain_routes(fabric);
  EXPECT_EQ(worst_of_shift(fabric, 1), 1);
  const auto reversed = [](int port) {
    return (port & 1) << 3 | (port & 2) << 1 | (port & 4) >> 1 | (port & 8) >> 3;
  };
  std::map<int, int> flows;
  int worst = 0;
  for (int port = 0; port < 16; ++port)
    for (const int link : fabric.route(port, reversed(port)))
      worst = std::max(worst, ++flows[link]);
  EXPECT_EQ(worst, 4) << "√16 flows meet in the middle of a butterfly";
}

TEST(Fabric, DragonflyTakesAtMostOneGlobalAndTwoLocalCables) {
  const DragonflyShape shape{
      .groups = 5, .routers = 4, .ports = 2, .port = cable, .local = cable, .global = cable};
  const Fabric fabric = dragonfly(shape, port_name);
  EXPECT_EQ(fabric.ports, 40);
  EXPECT_EQ(fabric.links.size(), 2u * (40 + 5 * 6 + 10));
  for (int to = 1; to < 40; ++to) EXPECT_LE(fabric.route(0, to).size(), 5u);
  EXPECT_THAT(names(fabric, 0, 1), ElementsAre("p0_UP", "p1_DOWN"));
  EXPECT_THAT(names(fabric, 0, 8), ElementsAre("p0_UP", "global0-1_UP", "p8_DOWN"));
  expect_distinct_names_and_plain_routes(fabric);
}

}  // namespace
}  // namespace troupe::platforms
