#include "analysis/rows.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/report_json.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

using testing::HasSubstr;

TEST(Rows, AreOneAResultWithSharesOfItsTime) {
  auto report = samples::report();
  report.results[0].model_parts = ModelParts{
      .latency = Seconds{30e-6}, .bandwidth = Seconds{15e-6}, .reduction = Seconds{3e-6}};
  report.results[0].model = Seconds{48e-6};
  const auto rows = rows_of(report);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(*rows[1].find("algorithm"), Cell{"tree"});
  EXPECT_EQ(*rows[2].find("bytes"), Cell{std::int64_t{1} << 20});
  EXPECT_DOUBLE_EQ(*number_of(*rows[0].find("latency_share")), 0.5);
  EXPECT_DOUBLE_EQ(*number_of(*rows[0].find("reduction_share")), 0.05);
  EXPECT_DOUBLE_EQ(*number_of(*rows[0].find("contention_share")), 0.2);
  EXPECT_DOUBLE_EQ(*number_of(*rows[0].find("bound_ratio")), 2);
  // What ranks and links did is known of the whole report only.
  EXPECT_EQ(rows[0].find("hottest_links"), nullptr);
  report.results.resize(1);
  EXPECT_EQ(*rows_of(report)[0].find("hottest_links"), Cell{"l0_UP 25 %"});
  EXPECT_DOUBLE_EQ(*number_of(*rows_of(report)[0].find("waiting_share")), 0.5);
}

TEST(Rows, HaveWhatEachResultKnowsOfItself) {
  auto report = samples::report();
  report.results[1].shares = ShareOfTime{
      .compute = 0.25, .communication = 0.5, .waiting = 0.25, .hottest_links = {{"l3_UP", 0.75}}};
  const auto read = report_from_json(to_json(report), "again");
  const auto rows = rows_of(read);
  EXPECT_EQ(rows[0].find("compute_share"), nullptr);
  EXPECT_EQ(*rows[1].find("compute_share"), Cell{0.25});
  EXPECT_EQ(*rows[1].find("hottest_links"), Cell{"l3_UP 75 %"});
  EXPECT_EQ(*rows[1].find("hottest_link_share"), Cell{0.75});
  EXPECT_EQ(rows[1].find("device_s"), nullptr);
  report.results[1].on_device = Seconds{0.25};
  EXPECT_EQ(*rows_of(report)[1].find("device_s"), Cell{0.25});
}

TEST(Rows, AreOneForATraining) {
  auto report = samples::training({4, 2, 1});
  report.scenario = R"({"training": {"strategy": "gossip", "model": {"kind": "mlp"}}})";
  const auto rows = rows_of(report, {{"loss", 2}, {"loss", 0.5}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(*rows[0].find("strategy"), Cell{"gossip"});
  EXPECT_EQ(*rows[0].find("model"), Cell{"mlp"});
  EXPECT_EQ(*rows[0].find("loss"), Cell{1.0});
  EXPECT_EQ(*rows[0].find("time_s"), Cell{3.0});
  EXPECT_EQ(*rows[0].find("time_to_loss_2_s"), Cell{1.0});
  EXPECT_EQ(*rows[0].find("steps_to_loss_2"), Cell{std::int64_t{1}});
  EXPECT_EQ(*rows[0].find("time_to_loss_0.5_s"), Cell{});
}

TEST(Rows, HaveOfATrainingTheSumOverDevicesNotTheMostOfOneRank) {
  auto report = samples::training({4, 2});
  report.training.back().values.emplace_back("device_s", 1.5);
  report.totals.emplace_back("device_s", 2.5);
  const auto rows = rows_of(report);
  EXPECT_EQ(std::ranges::count(rows[0].cells, "device_s", &std::pair<std::string, Cell>::first), 1);
  EXPECT_EQ(*rows[0].find("device_s"), Cell{2.5});
}

TEST(Rows, SurviveJson) {
  Row row;
  row.add("text", "a \"quoted\" one");
  row.add("whole", std::int64_t{1} << 60);
  row.add("time_s", 0.1);
  row.add("none", {});
  const auto back = row_from(nlohmann::ordered_json::parse(to_json(row).dump()));
  EXPECT_EQ(back.cells, row.cells);
  EXPECT_EQ(cell_from(nlohmann::ordered_json::parse("[1, 2]")), Cell{"[1,2]"});
}

TEST(Rows, AreExactForProgramsAndShortForPeople) {
  Row row, other;
  row.add("name", "a,b\"c");
  row.add("time_s", 1.0 / 3);
  row.add("busbw_Bps", 12.5e9);
  row.add("waiting_share", 0.125);
  row.add("sent_bytes", std::int64_t{4096});
  other.add("name", "x|y");
  const std::vector<Row> rows{row, other};
  const auto columns = columns_of(rows);
  EXPECT_EQ(rows_csv(rows, columns),
            "name,time_s,busbw_Bps,waiting_share,sent_bytes\n"
            "\"a,b\"\"c\",0.3333333333333333,12500000000,0.125,4096\n"
            "x|y,,,,\n");
  EXPECT_EQ(rows_table(rows, columns),
            "# name     time       busbw  waiting_share  sent_bytes\n"
            "  a,b\"c  333 ms  12.50 GB/s         12.5 %       4 KiB\n"
            "  x|y         -           -              -           -\n");
  EXPECT_EQ(rows_markdown(rows, columns),
            "| name | time | busbw | waiting_share | sent_bytes |\n|---|---:|---:|---:|---:|\n"
            "| a,b\"c | 333 ms | 12.50 GB/s | 12.5 % | 4 KiB |\n"
            "| x\\|y | - | - | - | - |\n");
}

}  // namespace
}  // namespace troupe::analysis
