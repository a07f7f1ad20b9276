// Inline generators: what they make of JSON, and what they say about wrong JSON.

#include "platforms/generators.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "messages.hpp"

namespace troupe::platforms {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Topology make(const std::string& text) { return generate(json::parse(text), "a.json", "/g"); }
std::string complaint(const std::string& text) {
  return complaint_of([&] { make(text); });
}

TEST(Generator, StarSplitsItsLatencyOverTwoLinks) {
  const Topology star = make(
      R"({"kind": "star", "hosts": 3, "bandwidth": "8Gbps", "latency": "3us", "speed": "2Gf",
          "device": "V100", "memory_bandwidth": "900GBps"})");
  ASSERT_EQ(star.hosts.size(), 3u);
  EXPECT_EQ(star.hosts[2].name, "h2");
  EXPECT_EQ(star.hosts[2].speed.value, 2e9);
  EXPECT_EQ(star.hosts[2].device, "V100");
  EXPECT_EQ(star.hosts[2].memory_bandwidth->value, 9e11);
  double latency = 0;
  for (const int link : star.route(0, 2)) {
    EXPECT_EQ(star.links.at(static_cast<std::size_t>(link)).bandwidth.value, 1e9);
    latency += star.links.at(static_cast<std::size_t>(link)).latency.count();
  }
  EXPECT_DOUBLE_EQ(latency, 3e-6);
}

TEST(Generator, EveryKindMakesAPlatform) {
  const std::string numbers = R"(, "bandwidth": 1e9, "latency": 1e-6})";
  const std::vector<std::string> shapes{
      R"({"kind": "star", "hosts": 16)",
      R"({"kind": "fat_tree", "down": [4, 4], "up": [1, 4])",
      R"({"kind": "torus", "dimensions": [4, 4])",
      R"({"kind": "hypercube", "dimensions": 4)",
      R"({"kind": "butterfly", "radix": 4, "stages": 2)",
      R"({"kind": "dragonfly", "groups": 4, "routers": 2, "hosts": 2)"};
  std::vector<std::string> kinds;
  for (const std::string& shape : shapes) {
    EXPECT_EQ(make(shape + numbers).hosts.size(), 16u);
    kinds.push_back(json::parse(shape + "}")["kind"].get<std::string>());
  }
  EXPECT_EQ(kinds, generator_kinds());
  EXPECT_THAT(make(shapes[2] + numbers).grid, ElementsAre(4, 4));
}

TEST(Generator, ErrorsNamePointerValueExpectationAndNearestName) {
  EXPECT_THAT(complaint(R"({"kind": "torrus"})"),
              AllOf(HasSubstr("a.json: /g/kind: \"torrus\": expected one of star, fat_tree, torus"),
                    HasSubstr("did you mean \"torus\""), IsOneLine()));
  EXPECT_THAT(complaint(R"({"hosts": 4})"), HasSubstr("expected the key \"kind\""));
  EXPECT_THAT(complaint(R"({"kind": "star", "hosts": 0, "bandwidth": 1, "latency": 0})"),
              HasSubstr("/g/hosts: 0: expected a whole number from 1"));
  EXPECT_THAT(complaint(R"({"kind": "star", "hosts": 4, "bandwidth": "10Gb", "latency": 0})"),
              HasSubstr("/g/bandwidth: \"10Gb\": expected a bandwidth"));
  EXPECT_THAT(complaint(R"({"kind": "star", "hosts": 4, "bandwidth": 0, "latency": 0})"),
              HasSubstr("/g/bandwidth: 0: expected a bandwidth above zero"));
  EXPECT_THAT(complaint(R"({"kind": "star", "hosts": 4, "bandwidth": 1, "latency": -1})"),
              HasSubstr("/g/latency: -1: expected a time"));
  EXPECT_THAT(complaint(R"({"kind": "star", "host": 4})"), HasSubstr("did you mean \"hosts\""));
  EXPECT_THAT(complaint(R"({"kind": "torus", "dimensions": [], "bandwidth": 1, "latency": 0})"),
              HasSubstr("/g/dimensions: []: expected an array of at least 1"));
  EXPECT_THAT(complaint(R"({"kind": "torus", "dimensions": [9999, 9999, 9999],
                            "bandwidth": 1, "latency": 0})"),
              HasSubstr("the number of hosts"));
  EXPECT_THAT(complaint(R"({"kind": "fat_tree", "down": [2, 2], "up": [1], "bandwidth": 1,
                            "latency": 0})"),
              HasSubstr("/g/up: [1]: expected 2 levels"));
}

}  // namespace
}  // namespace troupe::platforms
