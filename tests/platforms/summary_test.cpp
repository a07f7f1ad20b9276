// The summary as a value: to JSON and back, checked, drawn; no simulator near.

#include "platforms/summary.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "messages.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

PlatformSummary two_hosts() {
  PlatformSummary summary;
  summary.name = "two.xml";
  summary.digest = "0123456789abcdef";
  summary.network = {.name = "CM02", .tcp_window = 4194304, .chosen_by = "platform"};
  summary.hosts = {{.name = "a", .speed = {1e9}},
                   {.name = "b\"2",
                    .speed = {1e9},
                    .cores = 4,
                    .device = "V100",
                    .memory_bandwidth = BytesPerSecond{9e11}}};
  summary.ranks = {{.host = 0}, {.host = 1, .slot = 0, .node = 1}};
  summary.nodes = 2;
  summary.links = {{.name = "l_DOWN", .bandwidth = {1e9}, .latency = Seconds{1e-6}, .used = true},
                   {.name = "l_UP", .bandwidth = {1e9}, .latency = Seconds{1e-6}, .used = true}};
  const std::vector<NamedRoute> routes{{0, 1, {"l_UP"}}, {1, 0, {"l_DOWN"}}};
  summary.graph = graph_of(2, routes);
  summary.raw = summary.effective = {.alpha_median = Seconds{1e-6},
                                     .alpha_max = Seconds{1e-6},
                                     .beta_median = 1e-9,
                                     .beta_max = 1e-9};
  summary.pairs = 2;
  summary.gamma = 2.5e-10;
  summary.bisection = {1e9};
  summary.notes = {"made up"};
  return summary;
}

TEST(Summary, SurvivesJson) {
  const nlohmann::json json = to_json(two_hosts());
  EXPECT_EQ(to_json(summary_from_json(json, "again")), json);
  EXPECT_EQ(json.at("effective").at("alpha_median_s"), 1e-6);
  EXPECT_EQ(json.at("hosts").at(1).at("memory_bandwidth_Bps"), 9e11);
}

TEST(Summary, OfWrongJsonIsAnErrorWithItsPointer) {
  nlohmann::json json = to_json(two_hosts());
  json["ranks_host_slot_node"][1][0] = 7;
  EXPECT_THAT(complaint_of([&] { summary_from_json(json, "r.json"); }),
              HasSubstr("r.json: /ranks_host_slot_node/1/0: 7"));
}

TEST(Summary, ReductionIsBoundBySpeedOrByMemory) {
  EXPECT_DOUBLE_EQ(reduction_seconds_per_byte({.name = "a", .speed = {1e9}}), 0.25e-9);
  EXPECT_DOUBLE_EQ(reduction_seconds_per_byte(
                       {.name = "a", .speed = {1e12}, .memory_bandwidth = BytesPerSecond{3e9}}),
                   1e-9);
  EXPECT_DOUBLE_EQ(reduction_seconds_per_byte({.name = "a", .speed = {1}, .device = "V100"}),
                   3 / 900e9);
}

TEST(Summary, DotNamesHostsRanksAndCables) {
  const std::string dot = to_dot(two_hosts());
  EXPECT_THAT(dot,
              AllOf(HasSubstr("digraph \"two.xml\" {"),
                    HasSubstr("\"a\" [shape=box, label=\"a\\nrank 0\"]"),
                    HasSubstr("\"b\\\"2\" [shape=box, label=\"b\\\"2\\nrank 1\"]"),
                    HasSubstr("\"a\" -> \"b\\\"2\" [label=\"8 Gb/s, 1.00 us\", tooltip=\"l\"]")));
}

testing::Matcher<std::vector<Finding>> warns(const char* text) {
  return Contains(AllOf(Field(&Finding::weight, Finding::Weight::warning),
                        Field(&Finding::text, HasSubstr(text))));
}
testing::Matcher<std::vector<Finding>> notes(const char* text) {
  return Contains(AllOf(Field(&Finding::weight, Finding::Weight::note),
                        Field(&Finding::text, HasSubstr(text))));
}

TEST(Check, HasNothingToSayAboutASoundPlatform) { EXPECT_THAT(check(two_hosts()), IsEmpty()); }

TEST(Check, FindsWhatItsOwnerMayNotKnow) {
  PlatformSummary summary = two_hosts();
  summary.network.chosen_by = "SimGrid's default";
  summary.network.cross_traffic = true;
  summary.links[0].latency = Seconds{2};
  summary.links[1].bandwidth = {100};
  summary.links.push_back({.name = "idle", .bandwidth = {1e9}});
  summary.hosts[0].speed = {1e5};
  summary.hosts[1].device = "V101";
  summary.ranks.pop_back();
  summary.asymmetric_pairs = 1;
  summary.bisection = {5e8};
  const auto findings = check(summary);
  EXPECT_THAT(findings, warns("LV08"));
  EXPECT_THAT(findings, warns("link l_DOWN: 2 s of latency"));
  EXPECT_THAT(findings, warns("link l_UP: 100 B/s"));
  EXPECT_THAT(findings, warns("host a: 100000 FLOP/s"));
  EXPECT_THAT(findings, warns("host b\"2: device \"V101\""));
  EXPECT_THAT(findings, notes("cross-traffic"));
  EXPECT_THAT(findings, notes("link l_DOWN: the TCP window"));
  EXPECT_THAT(findings, notes("1 of 3 links"));
  EXPECT_THAT(findings, notes("1 of 2 hosts have no rank"));
  EXPECT_THAT(findings, notes("differ in speed"));
  EXPECT_THAT(findings, notes("1 pairs of ranks"));
  EXPECT_THAT(findings, notes("2 to 1"));
  EXPECT_EQ(findings.front().weight, Finding::Weight::warning);
  EXPECT_EQ(findings.back().weight, Finding::Weight::note);
}

}  // namespace
}  // namespace troupe::platforms
