// The glance at platform files.

#include "platforms/xml_scan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/errors.hpp"

namespace troupe::platforms {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(XmlScan, FindsTagsAttributesAndLinesPastCommentsAndDeclarations) {
  const auto tags = start_tags(
      "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"x.dtd\">\n<!-- <host id='no'/>\n -->\n"
      "<platform version = \"4.1\">\n  <host id='a>b'\n   speed=\"1Gf\"/></platform>");
  ASSERT_EQ(tags.size(), 2u);
  EXPECT_EQ(tags[0].name, "platform");
  EXPECT_EQ(tags[0]["version"], "4.1");
  EXPECT_EQ(tags[0].line, 5);
  EXPECT_EQ(tags[1]["id"], "a>b");
  EXPECT_EQ(tags[1]["speed"], "1Gf");
  EXPECT_EQ(tags[1]["cores"], "");
}

TEST(XmlScan, EndsOnWhateverItIsGiven) {
  for (const char* text : {"", "<", "<a", "<a b", "<a b=", "<a b='", "<!--", "<!", "</", "hello <"})
    EXPECT_LE(start_tags(text).size(), 1u) << text;
}

std::vector<int> dimensions(const std::string& attributes) {
  return torus_dimensions(start_tags("<platform><cluster " + attributes + "/></platform>"));
}

TEST(XmlScan, TorusDimensionsAreTurnedRoundBecauseSimGridsFirstVariesFastest) {
  EXPECT_THAT(dimensions("topology='TORUS' topo_parameters='2,3,4'"), ElementsAre(4, 3, 2));
  EXPECT_THAT(dimensions("topology='FAT_TREE' topo_parameters='2;4,4;1,2;1,1'"), IsEmpty());
  EXPECT_THAT(dimensions("topology='TORUS' topo_parameters='x'"), IsEmpty());
}

std::string mistake(const std::string& xml) {
  const auto found = first_mistake(start_tags(xml));
  return found ? std::to_string(found->line) + ": " + found->what : "";
}

TEST(XmlScan, FindsWhatSimGridAbortsOn) {
  EXPECT_THAT(mistake("<platform version='3'>"), HasSubstr("1: <platform version=\"3\">"));
  EXPECT_THAT(mistake("<platform version='4.1'>\n<zone id='z' routing='Ful'/>"),
              HasSubstr("2: <zone routing=\"Ful\">"));
  EXPECT_THAT(mistake("<zone routing='Ful'/>"), HasSubstr("did you mean \"Full\""));
  EXPECT_THAT(mistake("<cluster radical='0-3' topology='TORUS' topo_parameters='3,3'/>"),
              HasSubstr("4 hosts, but topo_parameters=\"3,3\" make 9"));
  EXPECT_THAT(
      mistake("<cluster radical='0-7,9' topology='FAT_TREE' topo_parameters='2;4,4;1,2;1,1'/>"),
      HasSubstr("9 hosts, but topo_parameters=\"2;4,4;1,2;1,1\" make 16"));
  EXPECT_THAT(
      mistake("<cluster radical='0-31' topology='DRAGONFLY' topo_parameters='4,1;2,1;2,1;2'/>"),
      HasSubstr("2 routers in a chassis for 4 groups"));
}

TEST(XmlScan, SaysNothingAboutWhatItDoesNotUnderstand) {
  EXPECT_EQ(mistake("<cluster radical='a-b' topology='TORUS' topo_parameters='3,3'/>"), "");
  EXPECT_EQ(mistake("<cluster radical='0-3' topology='TORUS' topo_parameters='3;3'/>"), "");
  EXPECT_EQ(mistake("<cluster radical='0-3'/>"), "");
}

TEST(XmlScan, TakesRoutingsAsSimGridDoes) {
  for (const char* routing : {"Full", "full", "FULL", "WIFI", "Wifi"})
    EXPECT_FALSE(first_mistake(start_tags(fmt::format("<zone id='z' routing='{}'>", routing))))
        << routing;
}

TEST(XmlScan, FindsWhatChangesWithTime) {
  using enum Profile::Of;
  const auto found = profiles(start_tags(
      "<host id='h' speed='1Gf' speed_file='s'/>\n<link id='a' bandwidth_file='b' "
      "latency_file='l'/>\n"
      "<link id='b' bandwidth='1'/>\n<trace_connect trace='t' element='b' kind='LATENCY'/>"));
  std::vector<std::pair<Profile::Of, int>> kinds;
  for (const auto& profile : found) kinds.emplace_back(profile.of, profile.line);
  EXPECT_THAT(kinds, ElementsAre(std::pair{speed, 1}, std::pair{bandwidth, 2},
                                 std::pair{latency, 2}, std::pair{latency, 4}));
  EXPECT_EQ(found.front().what, "speed_file");
}

TEST(XmlScan, AZoneSaysWhichMessagesLeaveAtOnce) {
  const auto limit = [](const std::string& property) {
    return eager_limit(
        start_tags("<platform><config><prop id=\"eager_limit\" value=\"1\"/></config>"
                   "<zone id=\"z\" routing=\"Full\">" +
                   property + "<host id=\"h\"/></zone></platform>"));
  };
  EXPECT_EQ(limit("<prop id=\"eager_limit\" value=\"64KiB\"/>"), Bytes{65536});
  EXPECT_EQ(limit("<prop id=\"other\" value=\"1\"/><prop id=\"eager_limit\" value=\"0\"/>"),
            Bytes{0});
  EXPECT_EQ(limit(""), std::nullopt);
  EXPECT_THROW(limit("<prop id=\"eager_limit\" value=\"1,2\"/>"), BadPlatform);
}

TEST(XmlScan, AZoneSaysWhetherEachPairOfRanksHasOneConnection) {
  const auto says = [](const std::string& property) {
    return one_connection(start_tags("<platform><zone id=\"z\" routing=\"Full\">" + property +
                                     "<host id=\"h\"/></zone></platform>"));
  };
  EXPECT_TRUE(says("<prop id=\"connections\" value=\"one_per_pair\"/>"));
  EXPECT_FALSE(says("<prop id=\"eager_limit\" value=\"1\"/>"));
  EXPECT_THROW(says("<prop id=\"connections\" value=\"two\"/>"), BadPlatform);
}

}  // namespace
}  // namespace troupe::platforms
