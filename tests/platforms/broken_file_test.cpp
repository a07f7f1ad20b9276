// Files SimGrid would end the process on, or print a page about: one line, with the line of the
// file.

#include <gmock/gmock.h>

#include "loaded.hpp"
#include "messages.hpp"
#include "platforms/simgrid/placed.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* prolog =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n";

/// What loading a file of this content complains about.
std::string complaint(const std::string& content) {
  const TemporaryFile file{"broken.xml", content};
  return complaint_of([&] { Loaded{platform_file(file.path())}; });
}
std::string complaint_of_body(const std::string& body) {
  return complaint(std::string{prolog} + "<platform version=\"4.1\">\n" + body + "\n</platform>\n");
}

TEST(BrokenFile, Missing) {
  EXPECT_THAT(complaint_of([] { Loaded{platform_file("/nowhere/p.xml")}; }),
              AllOf(HasSubstr("/nowhere/p.xml: cannot read"), IsOneLine()));
}
TEST(BrokenFile, NameOfAShippedPlatformWhereAPathIsMeant) {
  EXPECT_THAT(complaint_of([] { Loaded{platform_file("/nowhere/star_16")}; }),
              AllOf(HasSubstr("/nowhere/star_16: cannot read"), HasSubstr("--platform star_16"),
                    IsOneLine()));
}
TEST(BrokenFile, IsADirectory) {
  EXPECT_THAT(complaint_of([] { Loaded{platform_file("/tmp")}; }),
              AllOf(HasSubstr("/tmp: cannot read"), IsOneLine()));
}
TEST(BrokenFile, Empty) {
  EXPECT_THAT(complaint(""), AllOf(HasSubstr("broken.xml:1: "), IsOneLine()));
}
TEST(BrokenFile, NotXml) {
  EXPECT_THAT(complaint("hello\n"), AllOf(HasSubstr("broken.xml:1: "), IsOneLine()));
}
TEST(BrokenFile, NoDoctype) {
  EXPECT_THAT(complaint("<?xml version='1.0'?>\n<platform version='4.1'>\n</platform>\n"),
              AllOf(HasSubstr("broken.xml:2: "), IsOneLine()));
}
TEST(BrokenFile, WithWifiThatOnlyAProgramCanTune) {
  EXPECT_THAT(
      complaint_of_body(
          "<zone id='z' routing='WIFI'>\n<prop id='access_point' value='r'/>\n"
          "<host id='a' speed='1Gf'/><router id='r'/>\n"
          "<link id='l' bandwidth='54Mbps' latency='0' sharing_policy='WIFI'/></zone>"),
      AllOf(HasSubstr("broken.xml:7: <link id=\"l\" sharing_policy=\"WIFI\">: stations of a Wi-Fi"),
            IsOneLine()));
}
TEST(BrokenFile, ForParallelTasks) {
  EXPECT_THAT(complaint_of_body("<config><prop id='host/model' value='ptask_L07'/></config>\n"
                                "<zone id='z' routing='Full'><host id='a' speed='1Gf'/></zone>"),
              AllOf(HasSubstr("host/model ptask_L07: expected default or compound"), IsOneLine()));
}
TEST(BrokenFile, TooOld) {
  EXPECT_THAT(complaint(std::string{prolog} + "<platform version=\"3\">\n</platform>\n"),
              AllOf(HasSubstr("broken.xml:3: <platform version=\"3\">"), IsOneLine()));
}
TEST(BrokenFile, FromTheFuture) {
  EXPECT_THAT(complaint(std::string{prolog} + "<platform version=\"5\">\n</platform>\n"),
              AllOf(HasSubstr("broken.xml:3: <platform version=\"5\">"), IsOneLine()));
}
TEST(BrokenFile, UnknownElement) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'>\n<hots id='a' speed='1Gf'/></zone>"),
              AllOf(HasSubstr("broken.xml:5: "), IsOneLine()));
}
TEST(BrokenFile, UnknownAttribute) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'>\n<host id='a' sped='1Gf'/></zone>"),
              AllOf(HasSubstr("broken.xml:5: "), HasSubstr("sped"), IsOneLine()));
}
TEST(BrokenFile, UnknownUnit) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'>\n<host id='a' speed='1Gx'/></zone>"),
              AllOf(HasSubstr("broken.xml:5: "), HasSubstr("Gx"), IsOneLine()));
}
TEST(BrokenFile, ElementNotClosed) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'>\n<host id='a' speed='1Gf'></zone>"),
              AllOf(HasSubstr("broken.xml:5: "), IsOneLine()));
}
TEST(BrokenFile, CutOff) {
  EXPECT_THAT(complaint(std::string{prolog} + "<platform version='4.1'>\n<zone id='z' "),
              AllOf(HasSubstr("broken.xml:4: "), IsOneLine()));
}
TEST(BrokenFile, RouteToNowhere) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'>\n<host id='a' speed='1Gf'/>\n"
                                "<route src='a' dst='b'><link_ctn id='l'/></route></zone>"),
              AllOf(HasSubstr("broken.xml:6: "), HasSubstr("'b'"), IsOneLine()));
}
TEST(BrokenFile, HostTwice) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'>\n<host id='a' speed='1Gf'/>\n"
                                "<host id='a' speed='1Gf'/></zone>"),
              AllOf(HasSubstr("broken.xml"), IsOneLine()));
}
TEST(BrokenFile, HostsWithoutARouteBetweenThem) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Floyd'>\n<host id='a' speed='1Gf'/>\n"
                                "<host id='b' speed='1Gf'/></zone>"),
              AllOf(HasSubstr("broken.xml"), IsOneLine()));
}
/// Two hosts, a link l of these attributes, and `route` in one zone.
std::string two_hosts(const std::string& link, const std::string& route) {
  return "<zone id='z' routing='Full'>\n<host id='a' speed='1Gf'/><host id='b' speed='1Gf'/>\n"
         "<link id='l' " +
         link + "/>\n" + route + "</zone>";
}
const std::string from_a_to_b = "<route src='a' dst='b'><link_ctn id='l'/></route>";
TEST(BrokenFile, HostsOfAFullZoneWithoutARouteBetweenThem) {
  EXPECT_THAT(complaint_of_body(two_hosts("bandwidth='1GBps' latency='1us'", "")),
              AllOf(HasSubstr("broken.xml: no route from host \"a\" to host \"b\""), IsOneLine()));
}
TEST(BrokenFile, HostsFarApartWithoutARouteBetweenThem) {
  const auto route = [](const std::string& from, const std::string& to) {
    return "<route src='" + from + "' dst='" + to + "'><link_ctn id='l'/></route>";
  };
  EXPECT_THAT(complaint_of([&] {
                const TemporaryFile file{
                    "broken.xml",
                    std::string{prolog} + "<platform version=\"4.1\">\n" +
                        two_hosts("bandwidth='1GBps' latency='1us'/><host id='c' speed='1Gf'",
                                  route("a", "b") + route("b", "c")) +
                        "\n</platform>\n"};
                const Loaded loaded{platform_file(file.path())};
                placed(loaded.platform)->way(0, 2);
              }),
              HasSubstr("broken.xml: no route from host \"a\" to host \"c\""));
}
TEST(BrokenFile, LinksOfABandwidthBelowZero) {
  EXPECT_THAT(complaint_of_body(two_hosts("bandwidth='-5MBps' latency='1us'", from_a_to_b)),
              HasSubstr("link \"l\": a bandwidth of -5000000 B/s"));
}
TEST(BrokenFile, LinksWithoutBandwidth) {
  EXPECT_THAT(complaint_of_body(two_hosts("bandwidth='0' latency='1us'", from_a_to_b)),
              AllOf(HasSubstr("broken.xml: link \"l\": a bandwidth of 0 B/s; expected more than 0"),
                    IsOneLine()));
}
TEST(BrokenFile, LinksWithALatencyBelowZero) {
  EXPECT_THAT(complaint_of_body(two_hosts("bandwidth='1GBps' latency='-1us'", from_a_to_b)),
              AllOf(HasSubstr("broken.xml: link \"l\": a latency of -1e-06 s; expected 0 or more"),
                    IsOneLine()));
}
TEST(BrokenFile, HostsOfRanksWithoutSpeed) {
  EXPECT_THAT(
      complaint_of_body("<zone id='z' routing='Full'><host id='a' speed='0'/></zone>"),
      AllOf(HasSubstr("host \"a\": a speed of 0 flop/s; expected more than 0"), IsOneLine()));
}
TEST(BrokenFile, NoHost) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'/>"),
              AllOf(HasSubstr("declares no host"), IsOneLine()));
}
TEST(BrokenFile, UnknownRouting) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Ful'/>"),
              AllOf(HasSubstr("broken.xml:4: "), HasSubstr("\"Full\""), IsOneLine()));
}
TEST(BrokenFile, TorusWithTheWrongNumberOfHosts) {
  EXPECT_THAT(complaint_of_body("<cluster id='c' prefix='h' suffix='' radical='0-3' speed='1Gf' "
                                "bw='1GBps' lat='1us' topology='TORUS' topo_parameters='3,3'/>"),
              AllOf(HasSubstr("broken.xml:4: "), HasSubstr("4 hosts"), IsOneLine()));
}
TEST(BrokenFile, DragonflyThatCrashesSimGrid) {
  EXPECT_THAT(complaint_of_body("<cluster id='c' prefix='h' suffix='' radical='0-31' speed='1Gf' "
                                "bw='1GBps' lat='1us' topology='DRAGONFLY' "
                                "topo_parameters='4,1;2,1;2,1;2'/>"),
              AllOf(HasSubstr("broken.xml:4: "), HasSubstr("4 groups"), IsOneLine()));
}
TEST(BrokenFile, UnknownSettingInConfig) {
  EXPECT_THAT(complaint_of_body("<config>\n<prop id='network/modl' value='CM02'/></config>\n"
                                "<zone id='z' routing='Full'><host id='a' speed='1Gf'/></zone>"),
              AllOf(HasSubstr("broken.xml:5: "), HasSubstr("\"network/model\""), IsOneLine()));
}
TEST(BrokenFile, UnknownModelInConfig) {
  EXPECT_THAT(complaint_of_body("<config>\n<prop id='network/model' value='CM03'/></config>\n"
                                "<zone id='z' routing='Full'><host id='a' speed='1Gf'/></zone>"),
              AllOf(HasSubstr("broken.xml"), HasSubstr("CM03"), IsOneLine()));
}
TEST(BrokenFile, MemoryBandwidthThatIsNone) {
  EXPECT_THAT(complaint_of_body("<zone id='z' routing='Full'><host id='a' speed='1Gf'>"
                                "<prop id='memory_bandwidth' value='wide'/></host></zone>"),
              AllOf(HasSubstr("host \"a\", property memory_bandwidth"), IsOneLine()));
}

}  // namespace
}  // namespace troupe::platforms
