// Spans of what ranks recorded, and traces as files.

#include "analysis/trace.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "analysis/trace_json.hpp"
#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Kind = RecordedEvent::Kind;
using State = RecordedEvent::State;
using Lane = Span::Lane;

RecordedEvent event(Kind kind, Rank peer, std::size_t bytes, double issued, double completed) {
  return {.kind = kind,
          .state = State::complete,
          .peer = peer,
          .tag = Tag{1}.in(Context{}),
          .bytes = bytes,
          .kernel = kind == Kind::kernel ? "Gemm" : "",
          .work = {},
          .issued = Seconds{issued},
          .completed = Seconds{completed}};
}
Trace made(const std::vector<std::vector<RecordedEvent>>& events, Bytes eager = {}) {
  return trace_of(
      events, [=](Rank, Rank) { return eager; }, 0, forever);
}
std::vector<Span> of(const Trace& trace, Lane lane) {
  std::vector<Span> spans;
  for (const auto& span : trace.spans)
    if (span.lane == lane) spans.push_back(span);
  return spans;
}

TEST(Trace, TransfersBeginWhenBothSidesHaveAsked) {
  const auto trace =
      made({{event(Kind::send, 1, 100, 1, 5)}, {event(Kind::receive, 0, 100, 3, 5)}});
  ASSERT_EQ(trace.spans.size(), 2u);
  for (const auto& span : trace.spans) {
    EXPECT_EQ(span.begin.count(), 3);
    EXPECT_EQ(span.end.count(), 5);
    EXPECT_EQ(span.flow, 1u);
    EXPECT_EQ(span.bytes, 100u);
  }
  EXPECT_EQ(trace.spans[0].issued.count(), 1);
  EXPECT_EQ(trace.spans[1].issued.count(), 3);
}

TEST(Trace, EagerTransfersBeginAtTheSend) {
  const auto trace =
      made({{event(Kind::send, 1, 100, 1, 1)}, {event(Kind::receive, 0, 100, 0, 4)}}, Bytes{100});
  for (const auto& span : trace.spans) EXPECT_EQ(span.begin.count(), 1);
  EXPECT_EQ(of(trace, Lane::send)[0].end.count(), 4);  // till it is there
}

TEST(Trace, AsksOfEachPairUpToWhichSizeItsMessagesAreEager) {
  const auto there = event(Kind::send, 1, 100, 1, 1), back = event(Kind::send, 0, 100, 2, 9);
  const auto trace = trace_of(
      {{there, event(Kind::receive, 1, 100, 5, 9)}, {event(Kind::receive, 0, 100, 3, 4), back}},
      [](Rank from, Rank) { return from == 0 ? Bytes{100} : Bytes{99}; }, 0, forever);
  EXPECT_EQ(of(trace, Lane::send)[0].begin.count(), 1);
  EXPECT_EQ(of(trace, Lane::send)[1].begin.count(), 5);  // when its receiver had asked
}

TEST(Trace, MessagesOfOnePairMeetInTheirOrderAndOthersByTag) {
  auto other = event(Kind::receive, 0, 7, 0, 9);
  other.tag = Tag{2}.in(Context{});
  auto other_send = event(Kind::send, 1, 7, 8, 9);
  other_send.tag = other.tag;
  auto dropped = event(Kind::receive, 0, 7, 0, 0);
  dropped.state = State::dropped;
  const auto trace =
      made({{event(Kind::send, 1, 1, 0, 2), event(Kind::send, 1, 2, 1, 3), other_send},
            {dropped, other, event(Kind::receive, 0, 1, 0, 2), event(Kind::receive, 0, 2, 0, 3)}});
  std::map<std::uint32_t, std::vector<std::uint64_t>> bytes;
  for (const auto& span : trace.spans) bytes[span.flow].push_back(span.bytes);
  EXPECT_EQ(bytes.size(), 3u);
  for (const auto& [flow, both] : bytes) {
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[0], both[1]);
  }
}

TEST(Trace, KernelsOfAFlowFollowEachOtherAndThoseOfTwoOverlap) {
  auto elsewhere = event(Kind::kernel, 0, 0, 0, 3);
  elsewhere.tag = Tag{0}.in(Context{}.spawned(0));
  const auto trace =
      made({{event(Kind::kernel, 0, 0, 0, 2), event(Kind::kernel, 0, 0, 1, 6), elsewhere}});
  const auto kernels = of(trace, Lane::compute);
  ASSERT_EQ(kernels.size(), 3u);
  EXPECT_EQ(kernels[2].begin.count(), 2);  // asked for at 1, after the one before
  EXPECT_EQ(kernels[2].issued.count(), 1);
  EXPECT_EQ(shares_of(trace)[0].compute.count(), 6);  // not 2 + 4 + 3
}

TEST(Trace, WaitingIsWhatIsLeft) {
  auto trace = made({{event(Kind::kernel, 0, 0, 1, 2), event(Kind::send, 1, 8, 1.5, 4)},
                     {event(Kind::receive, 0, 8, 1, 4)}});
  add_waiting(trace, {Seconds{5}, Seconds{4}});
  const auto shares = shares_of(trace);
  EXPECT_DOUBLE_EQ(shares[0].compute.count(), 1);
  EXPECT_DOUBLE_EQ(shares[0].communication.count(), 2);
  EXPECT_DOUBLE_EQ(shares[0].waiting.count(), 2);  // before 1, and after 4
  EXPECT_DOUBLE_EQ(shares[1].waiting.count(), 1.5);
  EXPECT_EQ(trace.end.count(), 5);
}

TEST(Trace, KernelsThatADeviceTimedHaveALaneAndAreInNoShare) {
  const std::vector<std::vector<RecordedEvent>> events{{event(Kind::kernel, 0, 0, 1, 2)},
                                                       {event(Kind::kernel, 0, 0, 1, 2)}};
  const auto plain = made(events);
  auto trace = plain;
  add_device_kernels(trace,
                     {{},
                      {{"Gemm", Seconds{3}, Seconds{5}},
                       {"Bias", Seconds{1.5}, Seconds{4}},
                       {"Gemm", Seconds{5}, Seconds{7}}}},
                     Seconds{6});
  ASSERT_EQ(trace.devices.size(), 3u);
  EXPECT_EQ(trace.kernels, (std::vector<std::string>{"Gemm", "Bias"}));
  EXPECT_EQ(trace.devices[0].begin.count(), 1.5);  // by begin
  EXPECT_EQ(trace.devices[1].name, 0);
  EXPECT_EQ(trace.end.count(), 7);
  EXPECT_EQ(shares_of(trace)[1].compute.count(), 1);

  const auto text = to_chrome_json(trace);
  EXPECT_THAT(to_chrome_json(plain), testing::Not(HasSubstr("device")));
  const auto written = json::parse(text);
  std::map<int, std::string> lanes;
  std::map<int, int> places;
  std::map<std::string, std::vector<std::string>> kernels;
  for (const auto& event : written["traceEvents"]) {
    if (event["ph"] == "M" && event["name"] == "thread_name")
      lanes[event["tid"]] = event["args"]["name"];
    if (event["ph"] == "M" && event["name"] == "thread_sort_index")
      places[event["tid"]] = event["args"]["sort_index"];
  }
  std::map<std::string, int> place_of;
  for (const auto& [thread, name] : lanes) place_of[name] = places[thread];
  for (const auto& event : written["traceEvents"])
    if (event.value("cat", "") == "device") kernels[lanes[event["tid"]]].push_back(event["name"]);
  EXPECT_EQ(kernels, (std::map<std::string, std::vector<std::string>>{
                         {"rank 1 device", {"Bias", "Gemm"}}, {"rank 1 device 2", {"Gemm"}}}));
  EXPECT_EQ(place_of["rank 1 device"], place_of["rank 1 compute"] + 1);

  const auto read = trace_from_json(text, "t.json");
  EXPECT_EQ(read.spans.size(), 2u);
  EXPECT_EQ(read.devices.size(), 3u);
  EXPECT_EQ(to_chrome_json(read), text);
}

TEST(Trace, LeavesOutWhatDevicesRanWhereThereWasNoRoomForTheRest) {
  auto trace = trace_of(
      {{event(Kind::kernel, 0, 0, 1, 2)}}, [](Rank, Rank) { return Bytes{}; }, 1, Seconds{3});
  add_device_kernels(trace, {{{"Gemm", Seconds{2}, Seconds{4}}, {"Gemm", Seconds{3}, Seconds{4}}}},
                     Seconds{3});
  EXPECT_EQ(trace.devices.size(), 1u);
  EXPECT_EQ(trace.left_out, 2u);
}

TEST(Trace, RefusesAnUnknownNumberOfLanes) {
  for (const char* lanes : {"4", "7"})
    EXPECT_THROW(
        trace_from_json(R"({"otherData": {"troupe_trace": 1, "ranks": 2, "lanes_of_a_rank": )" +
                            std::string{lanes} + R"(}, "traceEvents": []})",
                        "t.json"),
        BadInput);
}

TEST(Trace, LinksCarryEveryByteOnce) {
  auto trace = made({{event(Kind::send, 1, 600, 0, 3), event(Kind::send, 1, 400, 5, 9)},
                     {event(Kind::receive, 0, 600, 0, 3), event(Kind::receive, 0, 400, 0, 9)}});
  add_links(trace, {{"up", {1000}}, {"down", {500}}, {"idle", {1}}}, [](Rank, Rank) {
    return std::vector<std::string>{"up", "down"};
  });
  ASSERT_EQ(trace.links.size(), 2u);
  for (const auto& link : trace.links) {
    double bytes = 0;
    for (const double share : link.shares)
      bytes += share * (link.name == "up" ? 1000 : 500) * trace.end.count() /
               static_cast<double>(link.shares.size());
    EXPECT_NEAR(bytes, 1000, 1e-9) << link.name;
  }
  EXPECT_NEAR(trace.links[1].shares[10], 0.2, 1e-9);  // 600 B in 3 s of 1000 B/s
}

TEST(Trace, SaysWhatItHasNoRoomFor) {
  const std::vector<std::vector<RecordedEvent>> events{
      {event(Kind::kernel, 0, 0, 0, 1), event(Kind::kernel, 0, 0, 3, 4)}};
  const auto trace = trace_of(events, {}, 7, Seconds{2});
  EXPECT_EQ(trace.spans.size(), 1u);  // complete as far as it goes
  EXPECT_EQ(trace.left_out, 8u);
  EXPECT_THAT(to_chrome_json(trace), HasSubstr("no room for the 8 events after it"));
}

// ---- files

Trace sample() {
  auto trace = made({{event(Kind::kernel, 0, 0, 0, 1), event(Kind::kernel, 0, 0, 0.5, 2),
                      event(Kind::send, 1, 100, 1, 5), event(Kind::send, 1, 50, 2, 6)},
                     {event(Kind::receive, 0, 100, 3, 5), event(Kind::receive, 0, 50, 0, 6)}});
  trace.name = "a </script> \"name\"";
  trace.digest = "0123";
  trace.simulated = true;
  trace.host_of_rank = {"host a", "host b"};
  trace.phases = {{0, "NEGOTIATE_ALLREDUCE", "ring, 8 B", Seconds{0}, Seconds{1}},
                  {0, "ALLREDUCE", "ring, 8 B", Seconds{1}, Seconds{6}}};
  add_waiting(trace, {Seconds{6}, Seconds{6}});
  add_links(trace, {{"cable", {100}}},
            [](Rank, Rank) { return std::vector<std::string>{"cable"}; });
  return trace;
}

TEST(TraceFile, HoldsAProcessAHostAndLanesThatNest) {
  const auto file = json::parse(to_chrome_json(sample()));
  std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> lanes;
  std::map<int, std::string> processes;
  std::map<std::pair<int, int>, std::string> names;
  std::map<std::string, int> kinds;
  for (const auto& item : file["traceEvents"]) {
    const std::string kind = item["ph"];
    ++kinds[kind];
    if (kind == "M" && item["name"] == "process_name")
      processes[item["pid"]] = item["args"]["name"];
    if (kind == "M" && item["name"] == "thread_name")
      names[{item["pid"], item["tid"]}] = item["args"]["name"];
    if (kind == "X") lanes[{item["pid"], item["tid"]}].emplace_back(item["ts"], item["dur"]);
  }
  EXPECT_EQ(processes[1], "host a");
  EXPECT_EQ(processes[2], "host b");
  EXPECT_EQ(processes[0], "links: share of bandwidth");
  EXPECT_EQ(kinds["s"], 2);
  EXPECT_EQ(kinds["f"], 2);
  EXPECT_GT(kinds["C"], 0);
  for (auto& [lane, spans] : lanes) {
    EXPECT_TRUE(names.contains(lane));
    std::ranges::sort(spans);
    for (std::size_t i = 1; i < spans.size(); ++i)
      EXPECT_GE(spans[i].first, spans[i - 1].first + spans[i - 1].second) << names[lane];
  }
  std::vector<std::string> all;
  for (const auto& [lane, name] : names) all.push_back(name);
  EXPECT_THAT(all, testing::IsSupersetOf({"rank 0 phases", "rank 0 compute", "rank 0 send",
                                          "rank 0 send 2", "rank 1 receive", "rank 1 waiting"}));
}

TEST(TraceFile, ComesBackAsItWasCompressedOrNot) {
  const auto trace = sample();
  const auto text = to_chrome_json(trace);
  const auto compressed = gzipped(text);
  EXPECT_LT(compressed.size(), text.size());
  EXPECT_EQ(gunzipped(compressed, "t"), text);
  const auto back = trace_from_json(compressed, "t.json.gz");
  EXPECT_EQ(to_chrome_json(back), text);
  EXPECT_EQ(back.name, trace.name);
  EXPECT_EQ(back.spans.size(), trace.spans.size());
  EXPECT_EQ(back.links.size(), 1u);
}

std::string complaint(const std::string& content) {
  try {
    trace_from_json(content, "t.json");
  } catch (const BadInput& error) {
    return error.what();
  }
  return "none";
}

TEST(TraceFile, SaysWhatIsWrongWithAnotherFile) {
  const auto text = to_chrome_json(sample());
  EXPECT_THAT(complaint("{"), HasSubstr("t.json: not a trace: no valid JSON at byte"));
  EXPECT_THAT(complaint(text.substr(0, text.size() / 2)), HasSubstr("no valid JSON at byte"));
  EXPECT_THAT(complaint("[]"), HasSubstr("t.json: not a trace of Troupe"));
  EXPECT_THAT(complaint(R"({"traceEvents":[{"ph":"X"}]})"), HasSubstr("not a trace of Troupe"));
  EXPECT_THAT(complaint(R"({"otherData":{"troupe_trace":2}})"),
              HasSubstr("/otherData/troupe_trace is 2, this program reads version 1"));
  EXPECT_THAT(complaint(R"({"otherData":{"troupe_trace":1}})"), HasSubstr("/otherData/ranks"));
  auto broken = text;
  broken.replace(broken.find("\"to 1\""), 6, "\"to x\"");
  EXPECT_THAT(complaint(broken), HasSubstr("/traceEvents/"));
  EXPECT_THAT(complaint(gzipped(text).substr(0, 200)), HasSubstr("end early or are damaged"));
}

}  // namespace
}  // namespace troupe::analysis
