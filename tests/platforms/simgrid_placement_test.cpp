// The order of hosts decides which links a ring shares.

#include <gmock/gmock.h>

#include <map>

#include "loaded.hpp"
#include "messages.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const SimGridPlatform& platform) {
  std::vector<std::string> result;
  for (const RankPlace& place : platform.ranks()) result.push_back(place.host->get_name());
  return result;
}

/// Flows on the most used link, each direction for itself, when every rank sends to the next.
int worst_link_of_the_ring(const SimGridPlatform& platform) {
  std::map<std::string, int> flows;
  int worst = 0;
  const int n = static_cast<int>(platform.ranks().size());
  for (int rank = 0; rank < n; ++rank)
    for (const std::string& link : platform.route(rank, (rank + 1) % n).links)
      worst = std::max(worst, ++flows[link]);
  return worst;
}

TEST(SimGridPlacement, DeclaredRingOnTheFatTreeNeverSharesALink) {
  const Loaded loaded{shipped("fat_tree_64.xml")};
  EXPECT_EQ(worst_link_of_the_ring(loaded.platform), 1);
}

TEST(SimGridPlacement, LexicalRingOnTheFatTreePutsFourFlowsOnItsWorstLink) {
  PlatformSpec spec = shipped("fat_tree_64.xml");
  spec.placement.placement = parse_placement("lexical");
  const Loaded loaded{spec};
  EXPECT_EQ(worst_link_of_the_ring(loaded.platform), 4);
}

TEST(SimGridPlacement, ClusterIsTakenInTheOrderOfItsRadical) {
  const TemporaryFile file{
      "radical.xml",
      "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      "<platform version='4.1'><cluster id='c' prefix='n' suffix='.x' radical='9-11,3,100' "
      "speed='1Gf' bw='1GBps' lat='1us'/></platform>\n"};
  const Loaded loaded{platform_file(file.path())};
  EXPECT_THAT(names(loaded.platform), ElementsAre("n9.x", "n10.x", "n11.x", "n3.x", "n100.x"));
}

TEST(SimGridPlacement, HostFileAndSlots) {
  PlatformSpec spec = shipped("star_16.xml");
  spec.placement.hostfile = {{"h10", 2}, {"h2", 1}};
  const Loaded loaded{spec};
  EXPECT_THAT(names(loaded.platform), ElementsAre("h10", "h10", "h2"));
  EXPECT_EQ(loaded.platform.ranks()[1].slot, 1);
  EXPECT_EQ(loaded.platform.ranks()[2].host_index, 2);
  EXPECT_EQ(loaded.platform.hosts().size(), 16u);
}

TEST(SimGridPlacement, TooManyRanksNamePlatformAndBothOptions) {
  PlatformSpec spec = shipped("star_16.xml");
  spec.placement.ranks = 17;
  EXPECT_THAT(complaint_of([&] { Loaded{spec}; }),
              AllOf(HasSubstr("star_16.xml"), HasSubstr("17 ranks"), HasSubstr("--ranks-per-host"),
                    HasSubstr("--hostfile"), IsOneLine()));
}

TEST(SimGridPlacement, UnknownHostOfAHostFile) {
  PlatformSpec spec = shipped("star_16.xml");
  spec.placement.hostfile = {{"h16", 1}};
  EXPECT_THAT(complaint_of([&] { Loaded{spec}; }),
              AllOf(HasSubstr("star_16.xml"), HasSubstr("no host \"h16\""), IsOneLine()));
}

TEST(SimGridPlacement, FactsAreThoseOfTheRanksHost) {
  const Loaded loaded{generated(R"({"kind": "star", "hosts": 2, "bandwidth": 1e9, "latency": "1us",
                    "speed": "2Gf", "device": "V100", "memory_bandwidth": "900GBps"})")};
  const HostFacts& facts = loaded.platform.facts_of(1);
  EXPECT_EQ(facts.name, "h1");
  EXPECT_EQ(facts.speed.value, 2e9);
  EXPECT_EQ(facts.cores, 1);
  EXPECT_EQ(facts.device, "V100");
  EXPECT_EQ(facts.memory_bandwidth->value, 9e11);
}

}  // namespace
}  // namespace troupe::platforms
