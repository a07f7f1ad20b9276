// The "platform" object of a scenario.

#include "platforms/specification.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "messages.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

PlatformSpec parse(const char* text) {
  return parse_platform_spec(json::parse(text), "/scenarios", "a.json");
}
std::string complaint(const char* text) {
  return complaint_of([&] { parse(text); });
}

TEST(Specification, ReadsEveryKeyAndTakesPathsRelativeToTheScenario) {
  const PlatformSpec spec = parse(R"({"file": "../platforms/star_16.xml", "ranks": 8,
      "ranks_per_host": 2, "placement": "random:3", "latency_factor": 1, "bandwidth_factor": 0.9564,
      "hostfile": [{"host": "h3", "slots": 2}],
      "cfg": {"network/model": "CM02", "network/crosstraffic": false, "network/TCP-gamma": 0}})");
  EXPECT_EQ(spec.file, "/platforms/star_16.xml");
  EXPECT_EQ(spec.placement.ranks, 8);
  EXPECT_EQ(spec.placement.ranks_per_host, 2);
  EXPECT_EQ(to_text(spec.placement.placement), "random:3");
  EXPECT_EQ(spec.latency_factor, 1.0);
  EXPECT_EQ(spec.bandwidth_factor, 0.9564);
  EXPECT_EQ(spec.placement.hostfile.at(0).slots, 2);
  EXPECT_EQ(spec.cfg.at("network/crosstraffic"), "no");
  EXPECT_EQ(spec.cfg.at("network/TCP-gamma"), "0");
  EXPECT_EQ(to_json(parse_platform_spec(to_json(spec), "", "again")), to_json(spec));
}

TEST(Specification, IsAFileWhereItIsJustAText) {
  EXPECT_EQ(parse(R"("x.xml")").file, "/scenarios/x.xml");
}

TEST(Specification, IsNamedByFileOrKindOfGenerator) {
  EXPECT_EQ(parse(R"({"generator": {"kind": "star", "hosts": 4}})").name(), "star generator");
  EXPECT_EQ(parse(R"("/x.xml")").name(), "/x.xml");
}

TEST(Specification, ErrorsNameFilePointerValueAndExpectation) {
  EXPECT_THAT(complaint(R"({"file": "x.xml", "ranks": -1})"),
              AllOf(HasSubstr("a.json: /platform/ranks: -1: expected a whole number of at least 0"),
                    IsOneLine()));
  EXPECT_THAT(complaint(R"({"fil": "x.xml"})"), HasSubstr("/platform/fil: \"x.xml\": unknown key"));
  EXPECT_THAT(complaint(R"({"fil": "x.xml"})"), HasSubstr("did you mean \"file\""));
  EXPECT_THAT(complaint(R"({"file": "x.xml", "generator": {}})"), HasSubstr("exactly one of"));
  EXPECT_THAT(complaint(R"({"ranks": 3})"), HasSubstr("exactly one of"));
  EXPECT_THAT(complaint(R"({"file": "x", "placement": "lexicla"})"),
              HasSubstr("/platform/placement"));
  EXPECT_THAT(complaint(R"({"file": "x", "bandwidth_factor": 0})"), HasSubstr("a number above 0"));
  EXPECT_THAT(complaint(R"({"file": "x", "ranks": 99999999999999999999})"), HasSubstr("/ranks"));
  EXPECT_THAT(complaint(R"({"file": "x", "cfg": {"network/model": []}})"),
              HasSubstr("/platform/cfg/network~1model: []: expected a text"));
  EXPECT_THAT(complaint("3"), HasSubstr("/platform: 3: expected an object"));
}

}  // namespace
}  // namespace troupe::platforms
