#include "analysis/compare.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

const ComparedRow* find(const std::vector<ComparedRow>& rows, const std::string& what,
                        const std::string& figure) {
  for (const auto& row : rows)
    if (row.what == what && row.figure == figure) return &row;
  return nullptr;
}

TEST(Compare, LinesUpResultsOfOneAlgorithmAndSize) {
  auto slow = samples::report();
  for (auto& result : slow.results) result.time = result.time * 3;
  const auto rows = compare({{"a.json", samples::report()}, {"b.json", slow}});
  const auto* row = find(rows, "allreduce ring 1 KiB", "time_s");
  ASSERT_NE(row, nullptr);
  EXPECT_NEAR(*row->ratios[1], 3, 1e-12);
  EXPECT_EQ(*find(rows, "allreduce ring 1 MiB", "messages")->ratios[1], 1);
  EXPECT_NEAR(worst_time_ratio(rows), 3, 1e-12);
}

TEST(Compare, LinesUpDifferentAlgorithmsWhereEachRunHasOne) {
  Report ring, tree;
  ring.results = {samples::result("ring", 1024, 60e-6)};
  tree.results = {samples::result("tree", 1024, 30e-6)};
  const auto rows = compare({{"ring.json", ring}, {"tree.json", tree}});
  const auto* row = find(rows, "allreduce 1 KiB", "time_s");
  ASSERT_NE(row, nullptr);
  EXPECT_NEAR(*row->ratios[1], 0.5, 1e-12);
}

TEST(Compare, RefusesToMixTimingModes) {
  auto other = samples::report();
  other.timing = Timing::back_to_back;
  try {
    compare({{"a.json", samples::report()}, {"b.json", other}});
    FAIL() << "no error";
  } catch (const BadInput& error) {
    EXPECT_STREQ(
        error.what(),
        "a.json was timed isolated and b.json back-to-back: times of the two modes are not "
        "comparable (--timing)");
  }
}

TEST(Compare, RefusesReportsWithNothingInCommon) {
  Report other;
  other.results = {samples::result("ring", 77, 1)};
  EXPECT_THROW(compare({{"a", samples::report()}, {"b", other}}), BadInput);
  EXPECT_THROW(compare({{"a", samples::report()}}), BadInput);
}

TEST(Compare, TellsWhenEachRunReachesALossThatAllReach) {
  // The first run's best is 1, the second's 0.5: both reach 1, at 2 s and at 1 s.
  const auto rows =
      compare({{"a", samples::training({3, 2, 1})}, {"b", samples::training({3, 1, 0.5})}});
  const auto* row = find(rows, "loss 1 reached", "time_s");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(*row->values[0], 2);
  EXPECT_EQ(*row->values[1], 1);
  EXPECT_EQ(*find(rows, "whole run", "messages")->values[1], 10);
}

TEST(Compare, TellsWhenEachRunReachesATarget) {
  auto quick = samples::training({3, 1, 0.5});
  quick.training[1].values.emplace_back("sent_bytes", 100);
  const std::vector<NamedReport> reports{{"a", samples::training({3, 2, 1})}, {"b", quick}};
  const auto rows = compare(reports, {{"loss", 1.5}});
  const auto* time = find(rows, "loss 1.5 reached", "time_s");
  ASSERT_NE(time, nullptr);
  EXPECT_EQ(*time->values[0], 2);
  EXPECT_EQ(*time->values[1], 1);
  EXPECT_EQ(*find(rows, "loss 1.5 reached", "steps")->ratios[1], 0.5);
  EXPECT_EQ(*find(rows, "loss 1.5 reached", "sent_bytes")->values[1], 100);
  EXPECT_EQ(find(rows, "best loss", "loss"), nullptr);  // only what was asked for
}

TEST(Compare, TakesAccuraciesFromBelow) {
  auto report = samples::training({3, 2, 1});
  for (auto& point : report.training)
    point.values = {{"accuracy", 0.25 * static_cast<double>(point.step)}};
  EXPECT_EQ(reached(report, {"accuracy", 0.3})->step, 2);
  EXPECT_FALSE(reached(report, {"accuracy", 0.6}));
}

TEST(Compare, TakesTheTargetsOfTheScenarios) {
  auto first = samples::training({3, 2, 1});
  first.targets = {{{"loss", 2}, reached(first, {"loss", 2})}};
  const auto rows = compare({{"a", first}, {"b", samples::training({3, 1})}});
  EXPECT_EQ(*find(rows, "loss 2 reached", "steps")->values[1], 1);
}

TEST(Compare, SeesARunThatNeverReachesATarget) {
  const auto rows = compare({{"a", samples::training({3, 2, 1})}, {"b", samples::training({3, 2})}},
                            {{"loss", 1}});
  EXPECT_FALSE(find(rows, "loss 1 reached", "time_s")->values[1]);
  EXPECT_TRUE(std::isinf(worst_time_ratio(rows)));
  const auto other = compare(
      {{"b", samples::training({3, 2})}, {"a", samples::training({3, 2, 1})}}, {{"loss", 1}});
  EXPECT_NEAR(worst_time_ratio(other), 1.5, 1e-12);
}

TEST(Compare, ShowsTheSharesOfTheRanksTime) {
  auto busy = samples::training({3, 2}), idle = busy;  // two seconds
  busy.ranks.assign(2, {.compute = Seconds{1.5}, .waiting = Seconds{0.5}});
  idle.ranks.assign(2, {.compute = Seconds{0.5}, .waiting = Seconds{1.5}});
  const auto rows = compare({{"busy", busy}, {"idle", idle}});
  const auto* computing = find(rows, "share of the ranks' time", "computing");
  ASSERT_NE(computing, nullptr);
  EXPECT_EQ(*computing->values[0], 0.75);
  EXPECT_EQ(*find(rows, "share of the ranks' time", "waiting")->ratios[1], 3);
}

TEST(Compare, RefusesTargetsThatNoCurveHas) {
  const auto message = [](auto call) -> std::string {
    try {
      call();
    } catch (const BadInput& error) {
      return error.what();
    }
    return "";
  };
  const std::vector<NamedReport> reports{{"a", samples::training({3, 2})},
                                         {"b", samples::training({3, 2})}};
  EXPECT_EQ(message([&] {
              compare(reports, {{"lss", 1}});
            }),
            "target \"lss=1\": no report has a curve of lss, did you mean \"loss\"?");
  for (const char* text : {"loss", "loss=", "=1", "loss=x", "loss=1x", "loss=nan"})
    EXPECT_EQ(message([&] { target_from(text); }),
              std::string{"target \""} + text + "\": expected FIGURE=NUMBER, such as loss=0.1");
}

TEST(Compare, ShowsRunsByNumber) {
  const std::vector<NamedReport> reports{{"a.json", samples::report()},
                                         {"b.json", samples::report()}};
  const auto text = comparison_table(reports, compare(reports));
  EXPECT_THAT(text, testing::HasSubstr("# [1] a.json\n# [2] b.json\n"));
  EXPECT_THAT(text, testing::HasSubstr("[2]/[1]"));
  const auto csv = comparison_csv(reports, compare(reports));
  EXPECT_THAT(csv, testing::StartsWith("what,figure,run_1,run_2,ratio_2\n"));
}

}  // namespace
}  // namespace troupe::analysis
