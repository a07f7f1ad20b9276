#include "analysis/measured.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "core/errors.hpp"
#include "tests/fuzz/readers.hpp"

namespace troupe::analysis {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string kept(const std::string& name) {
  return read_file(TROUPE_SOURCE_DIR "/tests/fuzz/inputs/" + name);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

std::string complaint_of(const std::string& text, const MeasuredDefaults& defaults = {}) {
  try {
    read_measured(text, "file", defaults);
  } catch (const BadInput& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Measured, ReadsAPlainTable) {
  const auto rows = read_measured(kept("table.csv"), "file");
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].machine, "a");
  EXPECT_EQ(rows[0].op, "allreduce");
  EXPECT_EQ(rows[0].algorithm, "ring");
  EXPECT_EQ(rows[0].ranks, 8);
  EXPECT_EQ(rows[0].nodes, 2);
  EXPECT_EQ(rows[0].bytes, 1024u);
  EXPECT_DOUBLE_EQ(rows[0].time.count(), 12.5e-6);
  EXPECT_DOUBLE_EQ(rows[0].p10.count(), 12e-6);
  EXPECT_DOUBLE_EQ(rows[1].time.count(), 10e-6);
  EXPECT_EQ(rows[1].line, 4);
  const auto in_ms = read_measured("ranks,bytes,time_ms\n2,8,3\n", "file");
  EXPECT_DOUBLE_EQ(in_ms[0].time.count(), 3e-3);
  EXPECT_EQ(in_ms[0].op, "allreduce");
  EXPECT_EQ(in_ms[0].nodes, 2);
  EXPECT_EQ(in_ms[0].p90, in_ms[0].time);
}

TEST(Measured, ReadsWhatOsuPrints) {
  const auto rows = read_measured(kept("osu.txt"), "file", {.ranks = 64, .nodes = 4});
  ASSERT_THAT(rows, SizeIs(4));
  EXPECT_EQ(rows[1].op, "allreduce");
  EXPECT_EQ(rows[1].ranks, 64);
  EXPECT_EQ(rows[1].nodes, 4);
  EXPECT_EQ(rows[1].bytes, 1024u);
  EXPECT_DOUBLE_EQ(rows[1].time.count(), 4.02e-6);
  EXPECT_EQ(rows[3].op, "point_to_point");
  EXPECT_EQ(rows[3].ranks, 2);
}

TEST(Measured, ReadsWhatNcclTestsPrint) {
  for (const char* name : {"nccl.txt", "nccl.json"}) {
    const auto rows = read_measured(kept(name), "file", {.algorithm = "multi_ring"});
    ASSERT_THAT(rows, SizeIs(2)) << name;
    EXPECT_EQ(rows[0].op, "allreduce");
    EXPECT_EQ(rows[0].algorithm, "multi_ring");
    EXPECT_EQ(rows[0].ranks, 2);
    EXPECT_EQ(rows[0].nodes, 2);
    EXPECT_EQ(rows[0].bytes, 1024u);
    EXPECT_NEAR(rows[0].time.count(), 12.34e-6, 1e-15);
  }
}

TEST(Measured, NamesLineAndColumnOfWhatIsWrongInAPlainTable) {
  const auto table = kept("table.csv");
  const auto with = [&](const std::string& what, const std::string& by) {
    return complaint_of(replaced(table, what, by));
  };
  EXPECT_EQ(with("12.5", "-3"), "file:3: column time_us: found \"-3\"; expected a time above 0");
  EXPECT_EQ(with("12.5", "nan"), "file:3: column time_us: found \"nan\"; expected a time above 0");
  EXPECT_THAT(with("12.5", "12.5us"), HasSubstr("column time_us: found \"12.5us\""));
  EXPECT_THAT(with("12.5", ""), HasSubstr("column time_us: found \"\""));
  EXPECT_EQ(with("1024", "-1024"),
            "file:3: column bytes: found \"-1024\"; expected a whole number from 0 to "
            "1125899906842624");
  EXPECT_EQ(with("time_us", "time"),
            "file:2: column time has no unit; expected time_us, or _s, "
            "_ms, _ns");
  EXPECT_THAT(with("nodes", "nods"), HasSubstr("file:2: unknown column \"nods\", did you mean "
                                               "\"nodes\"?"));
  EXPECT_EQ(with("machine", "time_s"), "file:2: columns time_s and time_us say the same");
  EXPECT_EQ(with(", time_us, p10_us, p90_us", ""), "file:2: no column time_us");
  EXPECT_EQ(with(", 13", ""), "file:3: 8 columns; expected 9");
  EXPECT_THAT(with("12, 13", "13, 14"), HasSubstr("file:3: the time 1.25e-05 s is not between"));
  EXPECT_THAT(with("8, 2, 1024", "2, 8, 1024"), HasSubstr("file:3: 8 nodes with 2 ranks"));
  EXPECT_EQ(complaint_of("ranks,bytes,time_us\n"), "file: a table without a row");
  EXPECT_EQ(complaint_of(" \n"), "file: empty; expected a table of measured times");
}

TEST(Measured, NamesLineAndColumnOfWhatIsWrongInPrintedTables) {
  const auto osu = kept("osu.txt"), nccl = kept("nccl.txt"), json = kept("nccl.json");
  EXPECT_THAT(complaint_of(osu), HasSubstr("file:5: the table does not say how many ranks ran"));
  EXPECT_THAT(complaint_of(replaced(osu, "Avg Latency(us)", "Avg Latency"), {.ranks = 2}),
              HasSubstr("file:4: column Latency has no unit"));
  EXPECT_EQ(complaint_of(replaced(osu, "4.02", "-4.0"), {.ranks = 2}),
            "file:6: column Latency(us): found \"-4.0\"; expected a time above 0");
  EXPECT_THAT(complaint_of("# OSU MPI Bandwidth Test v7.4\n# Size Bandwidth (MB/s)\n1 2\n"),
              HasSubstr("file:1: a test of many messages at once"));
  EXPECT_EQ(complaint_of(replaced(nccl, "12.34", "  nan")),
            "file:12: column time: found \"nan\"; expected a time above 0");
  EXPECT_THAT(complaint_of(replaced(nccl, "#        (B)", "#        (X)")),
              HasSubstr("file:11: columns size and time have no units"));
  EXPECT_THAT(complaint_of(replaced(nccl, "    0.08    0.08       0    12.30", "")),
              HasSubstr("file:12: 9 columns; expected 13"));
  EXPECT_EQ(complaint_of(replaced(json, "12.340000", "\"nan\"")),
            "file: /results/0/out_of_place/time: found \"nan\"; expected a time above 0, in us");
  EXPECT_THAT(complaint_of(json.substr(0, json.size() / 2)), HasSubstr("no valid JSON at byte"));
  EXPECT_THAT(complaint_of("{}"), HasSubstr("not a JSON file of nccl-tests"));
}

TEST(Readers, RefuseReportsWithNumbersThatAreNone) {
  const auto report = kept("report.json");
  for (const char* ranks : {"-1e300", "4.5", "3000000000", "\"4\"", "null", "[4]"}) {
    const auto text =
        replaced(report, "\"ranks\": 4, \"bytes\"", fmt::format("\"ranks\": {}, \"bytes\"", ranks));
    try {
      report_from_json(text, "file");
      FAIL() << ranks;
    } catch (const BadInput& error) {
      EXPECT_THAT(error.what(), HasSubstr("file: /results/0/ranks has an unexpected value"));
    }
  }
}

TEST(Readers, TakeOrRefuseEveryInputThatWasKept) {
  std::size_t inputs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator{TROUPE_SOURCE_DIR "/tests/fuzz/inputs"}) {
    const auto text = read_file(entry.path());
    EXPECT_NO_THROW(fuzz::read_everywhere(text)) << entry.path();
    for (std::size_t cut = 0; cut < text.size(); cut += 1 + text.size() / 50)
      EXPECT_NO_THROW(fuzz::read_everywhere(text.substr(0, cut))) << entry.path() << cut;
    ++inputs;
  }
  EXPECT_GE(inputs, 6u);
}

}  // namespace
}  // namespace troupe::analysis
