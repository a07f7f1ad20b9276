// --trace: what a whole run leaves for Perfetto, against its report.

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using Interval = std::pair<std::int64_t, std::int64_t>;

std::int64_t length_of_union(std::vector<Interval> intervals) {
  std::ranges::sort(intervals);
  std::int64_t sum = 0, since = 0;
  for (const auto& [begin, end] : intervals) {
    if (end > std::max(begin, since)) sum += end - std::max(begin, since);
    since = std::max(since, end);
  }
  return sum;
}

/// The intervals of a trace in ns, by rank and category.
std::map<std::pair<int, std::string>, std::vector<Interval>> intervals_of(const json& trace) {
  std::map<int, int> rank_of_thread;
  for (const auto& event : trace["traceEvents"])
    if (event["name"] == "thread_name")
      rank_of_thread[event["tid"]] =
          std::stoi(event["args"]["name"].get<std::string>().substr(5));  // "rank 3 send"
  std::map<std::pair<int, std::string>, std::vector<Interval>> all;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    const auto begin = std::llround(event["ts"].get<double>() * 1000);
    all[{rank_of_thread.at(event["tid"]), event["cat"]}].emplace_back(
        begin, begin + std::llround(event["dur"].get<double>() * 1000));
  }
  return all;
}

void expect_sums_of(const json& trace, const json& report) {
  auto all = intervals_of(trace);
  for (const auto& rank : report["ranks"]) {
    const int me = rank["rank"];
    const auto& compute = all[{me, "compute"}];
    auto doing = compute;
    for (const char* lane : {"send", "receive"})
      doing.insert(doing.end(), all[{me, lane}].begin(), all[{me, lane}].end());
    // The file has nanoseconds: each end of an interval is off by half of one at most.
    const double most = 1e-9 * static_cast<double>(doing.size() + 2);
    const auto computing = length_of_union(compute);
    EXPECT_NEAR(1e-9 * static_cast<double>(computing), rank["compute_s"], most) << me;
    EXPECT_NEAR(1e-9 * static_cast<double>(length_of_union(doing) - computing),
                rank["communication_s"], most)
        << me;
    EXPECT_NEAR(1e-9 * static_cast<double>(length_of_union(all[{me, "waiting"}])),
                rank["waiting_s"], most)
        << me;
  }
}

std::set<int> flows(const json& trace, const char* kind) {
  std::set<int> ids;
  for (const auto& event : trace["traceEvents"])
    if (event["ph"] == kind) ids.insert(event["id"].get<int>());
  return ids;
}

class Tracing : public CliTest {
 protected:
  /// Runs with a trace and without, and expects the same report.
  void expect_faithful(const std::string& command) {
    SCOPED_TRACE(command);
    const auto ran = troupe(command + " -q --reproducible --json " + file("with.json") +
                            " --trace " + file("trace.json"));
    ASSERT_EQ(ran.status, 0) << ran.err;
    ASSERT_EQ(troupe(command + " -q --reproducible --json " + file("without.json")).status, 0);
    EXPECT_EQ(read(file("with.json")), read(file("without.json")));
    const auto trace = json::parse(read(file("trace.json")));
    expect_sums_of(trace, json::parse(read(file("with.json"))));
    EXPECT_EQ(flows(trace, "s"), flows(trace, "f"));
    EXPECT_FALSE(flows(trace, "s").empty());
  }
  std::string scenario(const std::string& name) const {
    return "run " TROUPE_SOURCE_DIR "/scenarios/" + name + ".json";
  }
};

#ifdef TROUPE_HAS_SIMGRID
TEST_F(Tracing, ChangesNoTimeAndAddsUpToTheReportOnSimGrid) {
  expect_faithful("collective --platform fat_tree_64 --ranks 16 -a all --sizes 1K:1M:x1024");
  expect_faithful(scenario("parameter_server/bounded_staleness"));
  expect_faithful(scenario("gossip/walk"));
}

TEST_F(Tracing, KnowsHowMuchOfEachLinkIsUsed) {
  ASSERT_EQ(troupe("collective --platform star_16 -a ring --sizes 1M -q --trace " + file("t.json") +
                   " --json " + file("r.json"))
                .status,
            0);
  const auto trace = json::parse(read(file("t.json")));
  std::map<std::string, double> bytes, since, share;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "C") continue;
    const std::string link = event["name"];
    const double now = event["ts"].get<double>() * 1e-6;
    bytes[link] += share[link] * (now - since[link]);
    since[link] = now;
    share[link] = event["args"]["use"];
    EXPECT_LE(share[link], 1 + 1e-3) << link;
  }
  for (const auto& link : json::parse(read(file("r.json")))["links"])
    EXPECT_NEAR(bytes[link["name"]] * link["bandwidth_Bps"].get<double>(), link["bytes"],
                0.002 * link["bytes"].get<double>())
        << link["name"];
}
#endif

TEST_F(Tracing, ChangesNoTimeAndAddsUpToTheReportInTheLogGPWorld) {
  const std::string loggp = " --network loggp";
  expect_faithful("collective --platform dgx_h100_2 -a ring,multi_ring --sizes 1M" + loggp);
}

TEST_F(Tracing, NamesPhasesAsHorovodDoes) {
  ASSERT_EQ(troupe("collective --backend loopback --ranks 2 -a ring --sizes 64 -n 2 -w 0 -q "
                   "--trace " +
                   file("t.json.gz"))
                .status,
            0);
  ASSERT_EQ(read(file("t.json.gz")).substr(0, 2), "\x1f\x8b");
  const auto text = shell("gzip -dc " + file("t.json.gz")).out;
  const auto trace = json::parse(text);
  std::map<std::string, int> phases;
  for (const auto& event : trace["traceEvents"])
    if (event.value("cat", "") == "phase") ++phases[event["name"]];
  EXPECT_EQ(phases, (std::map<std::string, int>{{"NEGOTIATE_ALLREDUCE", 4}, {"ALLREDUCE", 4}}));
}

TEST_F(Tracing, SaysWhereItEndsWhenThereIsNoRoom) {
  const auto ran = troupe(
      "collective --backend loopback --ranks 2 -a ring --sizes 64 -n 9 "
      "--trace-spans 40 --trace " +
      file("t.json"));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("the trace ends at "));
  EXPECT_THAT(ran.err, HasSubstr("(--trace-spans)"));
  EXPECT_GT(json::parse(read(file("t.json")))["otherData"]["spans_left_out"], 0);
}

TEST_F(Tracing, RefusesWhatItCannotWriteBeforeTheRun) {
  const std::string command = "collective --backend loopback --ranks 2 --sizes 64 ";
  for (const auto& [options, message] : std::vector<std::pair<std::string, std::string>>{
           {"--trace -", "--trace -: expected the name of a file"},
           {"--trace /proc/t.json", "cannot write /proc/t.json"},
           {"--trace-spans 5", "--trace-spans says nothing without --trace"},
           {"--trace t.json --trace-spans 0", "--trace-spans \"0\": expected a whole number"}}) {
    const auto ran = troupe(command + options);
    EXPECT_EQ(ran.status, 2) << options;
    EXPECT_THAT(ran.err, HasSubstr(message));
    EXPECT_EQ(ran.out, "");
  }
}

}  // namespace
}  // namespace troupe::cli_test
