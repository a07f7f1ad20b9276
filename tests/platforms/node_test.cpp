// Which ranks share a node.

#include <gmock/gmock.h>

#include "loaded.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<int> nodes(const SimGridPlatform& platform) {
  std::vector<int> result;
  for (const RankPlace& place : platform.ranks()) result.push_back(place.node);
  return result;
}
std::vector<int> counted(std::size_t n, int size) {
  std::vector<int> result;
  for (std::size_t i = 0; i < n; ++i) result.push_back(static_cast<int>(i) / size);
  return result;
}

TEST(Node, IsALeafSwitchOfAFatTree) {
  const Loaded loaded{shipped("fat_tree_64.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(64, 8));
  EXPECT_EQ(loaded.platform.node_count(), 8);
}
TEST(Node, IsARouterOfADragonfly) {
  const Loaded loaded{shipped("dragonfly_64.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(64, 4));
}
TEST(Node, IsASiteOfTwo) {
  const Loaded loaded{shipped("two_sites_wan.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(16, 8));
}
TEST(Node, IsEachHostUnderASingleSwitch) {
  const Loaded loaded{shipped("star_16.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(16, 1));
}
TEST(Node, IsEachHostOfATorus) {
  const Loaded loaded{shipped("torus_8x8.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(64, 1));
}
TEST(Node, IsEachHostOfAHypercube) {
  const Loaded loaded{shipped("hypercube_16.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(16, 1));
}
TEST(Node, IsEachHostOfAButterfly) {
  const Loaded loaded{shipped("butterfly_16.xml")};
  EXPECT_EQ(nodes(loaded.platform), counted(16, 1));
}
TEST(Node, HoldsAllRanksOfAHost) {
  PlatformSpec spec = shipped("star_16.xml");
  spec.placement.ranks_per_host = 3;
  const Loaded loaded{spec};
  EXPECT_EQ(nodes(loaded.platform), counted(48, 3));
}

TEST(Node, IsWhatThePropertySaysNumberedByFirstRank) {
  const TemporaryFile file{
      "nodes.xml",
      "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      "<platform version='4.1'><zone id='z' routing='Full'>\n"
      "<host id='a' speed='1Gf'><prop id='node' value='right'/></host>\n"
      "<host id='b' speed='1Gf'><prop id='node' value='left'/></host>\n"
      "<host id='c' speed='1Gf'/>\n"
      "<host id='d' speed='1Gf'><prop id='node' value='right'/></host>\n"
      "<link id='l' bandwidth='1GBps' latency='1us'/>\n"
      "<route src='a' dst='b'><link_ctn id='l'/></route><route src='a' dst='c'><link_ctn id='l'/>"
      "</route><route src='a' dst='d'><link_ctn id='l'/></route><route src='b' dst='c'>"
      "<link_ctn id='l'/></route><route src='b' dst='d'><link_ctn id='l'/></route>"
      "<route src='c' dst='d'><link_ctn id='l'/></route></zone></platform>\n"};
  PlatformSpec spec = platform_file(file.path());
  spec.placement.hostfile = {{"b", 1}, {"a", 1}, {"c", 1}, {"d", 1}};
  const Loaded loaded{spec};
  EXPECT_THAT(nodes(loaded.platform), ElementsAre(0, 1, 2, 1));
}

TEST(Node, GridIsTheTorusOwnUnlessThePlacementHidesIt) {
  const Loaded loaded{shipped("torus_8x8.xml")};
  EXPECT_THAT(loaded.platform.grid(), ElementsAre(8, 8));
}
TEST(Node, GridIsHiddenByFewerRanks) {
  PlatformSpec spec = shipped("torus_8x8.xml");
  spec.placement.ranks = 32;
  EXPECT_TRUE(Loaded{spec}.platform.grid().empty());
}
TEST(Node, GridIsHiddenByLexicalOrder) {
  PlatformSpec spec = shipped("torus_8x8.xml");
  spec.placement.placement = parse_placement("lexical");
  EXPECT_TRUE(Loaded{spec}.platform.grid().empty());
}
TEST(Node, GridOfAGeneratedTorusVariesTheLastDimensionFastest) {
  const Loaded loaded{
      generated(R"({"kind": "torus", "dimensions": [3, 5], "bandwidth": 1e9, "latency": "1us"})")};
  EXPECT_THAT(loaded.platform.grid(), ElementsAre(3, 5));
  EXPECT_EQ(loaded.platform.route(0, 1).links.size(), 1u);
  EXPECT_EQ(loaded.platform.route(0, 5).links.size(), 1u);
  EXPECT_EQ(loaded.platform.route(0, 6).links.size(), 2u);
}

}  // namespace
}  // namespace troupe::platforms
