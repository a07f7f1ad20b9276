// Whole runs on threads.

#include "scenarios/run.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "analysis/report_json.hpp"
#include "scenarios/backend_loopback.hpp"

namespace troupe::scenarios {
namespace {

analysis::Report run_on_threads(const std::string& text) {
  auto scenario = read_scenario(nlohmann::json::parse(text), Origin{}, "/");
  const auto backend = make_loopback(scenario, {});
  return run(resolve(std::move(scenario), backend->machine(), false), *backend);
}

TEST(Run, OfACollectiveMeasuresAndChecksEveryAlgorithm) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 4, "collective": {"sizes": "64,4K", "iterations": 2, "warmup": 1}})");
  EXPECT_GT(report.results.size(), 10u);
  for (const auto& result : report.results) {
    EXPECT_EQ(result.wrong, 0u) << result.algorithm;
    EXPECT_GT(result.time.count(), 0);
    EXPECT_LE(result.min, result.time);
    EXPECT_GT(result.messages, 0u);
  }
}

TEST(Run, CountsWhatOneIterationSends) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 4, "collective": {"sizes": 4096, "algorithm": "ring",
          "iterations": 5}})");
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].messages_per_rank, 6u);           // 2 (n - 1)
  EXPECT_EQ(report.results[0].sent_bytes_per_rank, 6u * 1024);  // of M / n each
  EXPECT_EQ(report.results[0].messages, 24u);
}

TEST(Run, BackToBackCountsAndChecksAsIsolated) {
  for (const char* in_place : {"true", "false"}) {
    const auto report = run_on_threads(
        R"({"troupe": 1, "ranks": 3, "collective": {"sizes": 4096, "algorithm": "ring",
            "iterations": 4, "timing": "back-to-back", "in_place": )" +
        std::string{in_place} + "}}");
    EXPECT_EQ(report.timing, analysis::Timing::back_to_back);
    EXPECT_EQ(report.results[0].wrong, 0u);
    EXPECT_EQ(report.results[0].messages_per_rank, 4u);
  }
}

TEST(Run, OfTrainingHasACurveAndTotals) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 2, "training": {"strategy": "data_parallel", "stop": {"steps": 20},
          "data": {"samples": 200}, "optimiser": {"rate": 1}}})");
  ASSERT_GE(report.training.size(), 2u);
  EXPECT_EQ(report.training.front().values.front().first, "loss");
  EXPECT_LT(report.training.back().values.front().second,
            report.training.front().values.front().second);
  EXPECT_FALSE(report.totals.empty());
}

TEST(Run, IsReadBackFromItsReport) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 2, "collective": {"sizes": 64, "algorithm": "ring"}})");
  const auto text = analysis::to_json(report);
  EXPECT_EQ(analysis::to_json(analysis::report_from_json(text, "x")), text);
}

}  // namespace
}  // namespace troupe::scenarios
