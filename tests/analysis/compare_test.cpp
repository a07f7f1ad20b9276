#include <gmock/gmock.h>

#include "analysis/compare.hpp"
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
