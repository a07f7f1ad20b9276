#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/report_json.hpp"
#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

using testing::HasSubstr;

TEST(Report, ReadsWhatItWrites) {
  const auto text = to_json(samples::report());
  EXPECT_EQ(to_json(report_from_json(text, "sample.json")), text);
}

TEST(Report, OfTrainingReadsWhatItWrites) {
  const auto text = to_json(samples::training({3, 2, 1}));
  EXPECT_EQ(to_json(report_from_json(text, "sample.json")), text);
}

TEST(Report, ReadsTargetsAndTheDigestOfParameters) {
  auto report = samples::training({3, 2, 1});
  report.training[1].values = {{"loss", 2}, {"messages", 7}, {"sent_bytes", 56}};
  for (const auto& target : {Target{"loss", 2}, Target{"loss", 1}, Target{"loss", 0.5}})
    report.targets.push_back({target, reached(report, target)});
  report.parameters_digest = "00ff";
  const auto text = to_json(report);
  EXPECT_EQ(to_json(report_from_json(text, "sample.json")), text);
  EXPECT_THAT(text, HasSubstr("\"bytes_to_target\": 56.0"));
  EXPECT_THAT(text, HasSubstr("\"time_to_target_s\": null"));
}

TEST(Report, HasWhatKernelsTookOnDevicesWhereThatIsKnown) {
  auto report = samples::report();
  EXPECT_EQ(time_on_devices(report.ranks), std::nullopt);
  EXPECT_THAT(to_json(report), testing::Not(HasSubstr("device_s")));
  report.ranks[0].on_device = Seconds{0.5};
  const auto text = to_json(report);
  EXPECT_THAT(text, HasSubstr("\"device_s\": 0.5"));
  const auto read = report_from_json(text, "sample.json");
  EXPECT_EQ(time_on_devices(read.ranks), Seconds{0.5});
  EXPECT_EQ(to_json(read), text);
  report.ranks.resize(5000, report.ranks[0]);
  EXPECT_THAT(to_json(report), HasSubstr("\"device_s\": {\n   \"min\": 0.5"));
  report.ranks.emplace_back();
  EXPECT_EQ(time_on_devices(report.ranks), std::nullopt);
  EXPECT_THAT(to_json(report), testing::Not(HasSubstr("device_s")));
}

TEST(Report, HasWhatTheKernelsOfAResultAndTillAPointTookWhereThatIsKnown) {
  auto report = samples::report();
  const auto without = to_csv(report);
  report.results.back().on_device = Seconds{0.125};
  const auto text = to_json(report);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["results"].back()["device_s"], 0.125);
  EXPECT_FALSE(json["results"].front().contains("device_s"));
  const auto read = report_from_json(text, "sample.json");
  EXPECT_EQ(read.results.back().on_device, Seconds{0.125});
  EXPECT_EQ(to_json(read), text);
  const auto csv = to_csv(report);
  EXPECT_THAT(without, testing::Not(HasSubstr("device_s")));
  EXPECT_THAT(csv, HasSubstr(",sent_per_rank_bytes,device_s,wrong,best\n"));
  EXPECT_THAT(csv, HasSubstr(",0.125,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), ','),
            std::count(without.begin(), without.end(), ',') +
                static_cast<std::ptrdiff_t>(1 + report.results.size()));

  auto curve = samples::training({3, 2, 1});
  curve.training[1].values.emplace_back("device_s", 0.5);
  EXPECT_EQ(to_json(report_from_json(to_json(curve), "sample.json")), to_json(curve));
  EXPECT_THAT(to_csv(curve), HasSubstr("device_s"));
}

TEST(Report, LeavesOutWallClockWhenReproducible) {
  auto one = samples::report(), other = samples::report();
  other.wall_clock = {{"run_s", 99}};
  EXPECT_NE(to_json(one), to_json(other));
  EXPECT_EQ(to_json(one, true), to_json(other, true));
  EXPECT_THAT(to_json(one, true), testing::Not(HasSubstr("wall_clock")));
}

TEST(Report, WritesUnknownWrongValuesAndBoundsAsNull) {
  auto report = samples::report();
  report.results.front().wrong.reset();
  report.results.front().bound.reset();
  const auto text = to_json(report);
  EXPECT_THAT(text, HasSubstr("\"wrong\": null"));
  EXPECT_THAT(text, HasSubstr("\"bound_s\": null"));
}

TEST(Report, WritesWhatALibrarySentByItselfAsNull) {
  auto report = samples::report();
  auto& own = report.results[0];
  own.messages.reset();
  own.sent_bytes.reset();
  own.messages_per_rank.reset();
  own.sent_bytes_per_rank.reset();
  const auto text = to_json(report, true);
  const auto json = nlohmann::json::parse(text);
  for (const char* key : {"messages", "sent_bytes", "messages_per_rank", "sent_per_rank_bytes"})
    EXPECT_TRUE(json["results"][0][key].is_null()) << key;
  EXPECT_EQ(to_json(report_from_json(text, "r.json"), true), text);
  EXPECT_THAT(to_csv(report), testing::HasSubstr(",,,,,0,0\n"));
}

TEST(Report, FoldsManyRanksIntoQuantiles) {
  auto report = samples::report();
  report.ranks.assign(5000, report.ranks.front());
  EXPECT_THAT(to_json(report), HasSubstr("\"median\": 100.0"));
}

TEST(Report, FoldsTrafficToAtMostTheLimit) {
  Report report;
  for (int rank = 0; rank < 1000; ++rank)
    report.traffic.push_back({.from = rank, .to = (rank + 1) % 1000, .messages = 1, .bytes = 8});
  fold_traffic(report, 1000, 256);
  EXPECT_EQ(report.traffic_group, 4);
  std::uint64_t bytes = 0;
  for (const auto& cell : report.traffic) {
    EXPECT_LT(cell.from, 250);
    bytes += cell.bytes;
  }
  EXPECT_EQ(bytes, 8000u);
}

TEST(Report, SaysWhatIsWrongWithAFileThatIsNone) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      report_from_json(text, "x.json");
    } catch (const BadInput& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("{"), HasSubstr("x.json: not a report: no valid JSON at byte"));
  EXPECT_THAT(message("[]"), HasSubstr("no key \"troupe_report\""));
  EXPECT_THAT(message(R"({"troupe_report": 2})"), HasSubstr("/troupe_report is 2"));
  EXPECT_THAT(message(R"({"troupe_report": 1})"), HasSubstr("/digest is missing"));
  EXPECT_THAT(
      message(
          R"({"troupe_report": 1, "digest": "", "timing": "isolated", "results": [{"op": 3}]})"),
      HasSubstr("/results/0/op has an unexpected value 3"));
}

TEST(Report, MarksTheFastestOfEachSize) {
  EXPECT_EQ(fastest(samples::report().results), (std::vector<bool>{false, true, true, false}));
}

TEST(Report, MarksTheFirstOfThoseThatDifferByRounding) {
  const std::vector results{samples::result("ring", 8, 1e-3),
                            samples::result("tree", 8, 1e-3 * (1 - 1e-12))};
  EXPECT_EQ(fastest(results), (std::vector<bool>{true, false}));
}

TEST(Report, FindsResultsFasterThanTheirBound) {
  auto report = samples::report();
  EXPECT_TRUE(defects(report).empty());
  report.results.front().bound = report.results.front().time * 1.01;
  ASSERT_EQ(defects(report).size(), 1u);
  EXPECT_THAT(
      defects(report).front(),
      HasSubstr("allreduce ring of 1024 B on 4 ranks took 60.0000 us, less than the physical "
                "bound of 60.6000 us"));
}

TEST(Report, FindsWrongValuesAndOverfullLinks) {
  auto report = samples::report();
  report.results.front().wrong = 3;
  report.links.front().busy_share = 1.5;
  EXPECT_EQ(defects(report).size(), 2u);
}

TEST(Report, KeepsTheOrderOfLinksThatAreAsHotButForRounding) {
  ShareOfTime shares;
  shares.hottest_links = {{"a", 0.5}, {"b", 0.75 - 1e-12}, {"c", 0.75}, {"d", 0.75 + 1e-12}};
  keep_hottest(shares);
  ASSERT_EQ(shares.hottest_links.size(), 3u);
  EXPECT_EQ(shares.hottest_links[0].name, "b");
  EXPECT_EQ(shares.hottest_links[1].name, "c");
  EXPECT_EQ(shares.hottest_links[2].name, "d");
}

TEST(Report, IsNoDefectByWhatALateClockCannotTell) {
  Report report;
  report.results.push_back(samples::result("ring", 1024, 0.999e-9));
  report.results.back().bound = Seconds{1e-9};
  EXPECT_EQ(defects(report).size(), 1u);
  report.ranks.push_back({.waiting = Seconds{5000}});  // where doubles are 9e-13 apart
  EXPECT_TRUE(defects(report).empty());
  report.results.back().time = Seconds{0.9e-9};
  EXPECT_EQ(defects(report).size(), 1u);
}

TEST(Report, TakesQuantilesBetweenSamples) {
  const std::vector samples{Seconds{4}, Seconds{1}, Seconds{2}, Seconds{3}};
  EXPECT_DOUBLE_EQ(quantile(samples, 0.5).count(), 2.5);
  EXPECT_DOUBLE_EQ(quantile(samples, 0).count(), 1);
  EXPECT_DOUBLE_EQ(quantile(samples, 1).count(), 4);
}

TEST(Csv, HasALineForEachResultAndTheNamesOfJson) {
  const auto text = to_csv(samples::report());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_THAT(text, testing::StartsWith("op,algorithm,dtype,redop,ranks,bytes,"));
  EXPECT_THAT(text, HasSubstr("allreduce,tree,float32,sum,4,1024,256,0,1,4e-05,"));
}

TEST(Csv, OfTrainingHasAColumnForEachFigure) {
  EXPECT_EQ(to_csv(samples::training({3, 2})), "step,time_s,loss\n0,0,3\n1,1,2\n");
}

}  // namespace
}  // namespace troupe::analysis
