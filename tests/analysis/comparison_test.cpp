#include "analysis/comparison.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NamedReport run(const std::string& name, double slower, const std::string& scenario = "{}") {
  auto report = samples::report();
  report.scenario = scenario;
  for (auto& result : report.results) result.time *= slower;
  return {name, report};
}

const std::vector<NamedReport>& two() {
  static const std::vector<NamedReport> reports{
      run("a.json", 1, R"({"seed": 1, "compute": {"model": "flops", "speed": [1, 2]}})"),
      run("b.json", 1.5, R"({"seed": 1, "compute": {"model": "none", "speed": [1, 2]}})")};
  return reports;
}

std::string message_from(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "no error";
}

TEST(Comparison, HasARowForEachRunAlgorithmAndSizeWithWhatDiffersFirst) {
  const auto compared = comparison(two(), {});
  ASSERT_EQ(compared.rows.size(), 8u);
  EXPECT_THAT(std::vector(compared.columns.begin(), compared.columns.begin() + 4),
              ElementsAre("run", "compute.model", "algorithm", "bytes"));
  EXPECT_EQ(*compared.rows[4].find("compute.model"), Cell{"none"});
  EXPECT_EQ(*compared.rows[4].find("time_ratio"), Cell{1.5});
  EXPECT_EQ(*compared.rows[0].find("time_ratio"), Cell{1.0});
  const auto text = table_of(compared);
  EXPECT_THAT(text, HasSubstr("# the same everywhere: op allreduce, dtype float32"));
  EXPECT_THAT(text, testing::Not(HasSubstr("compute.speed")));
  EXPECT_EQ(nlohmann::json::parse(json_of(compared)).at(7).at("algorithm"), "tree");
}

TEST(Comparison, OrdersRowsByAlgorithmPlatformOrSize) {
  const auto by_size = comparison(two(), {.by = "size"});
  EXPECT_EQ(by_size.columns.front(), "bytes");
  EXPECT_EQ(*by_size.rows[3].find("bytes"), Cell{std::int64_t{1024}});
  const auto by_algorithm = comparison(two(), {.by = "algorithm"});
  EXPECT_EQ(*by_algorithm.rows[3].find("algorithm"), Cell{"ring"});
  EXPECT_EQ(*by_algorithm.rows[4].find("algorithm"), Cell{"tree"});
  EXPECT_EQ(*by_algorithm.rows[6].find("time_ratio"), Cell{1.5});
  EXPECT_THAT(message_from([] { comparison(two(), {.by = "algoritm"}); }),
              HasSubstr("did you mean \"algorithm\"?"));
}

TEST(Comparison, DividesByAnotherRunOrByAnAlgorithm) {
  const auto against_b = comparison(two(), {.baseline = "b.json"});
  EXPECT_NEAR(*number_of(*against_b.rows[0].find("time_ratio")), 1 / 1.5, 1e-12);
  const auto against_tree = comparison({run("a.json", 1)}, {.baseline = "tree"});
  EXPECT_NEAR(*number_of(*against_tree.rows[0].find("time_ratio")), 1.5, 1e-12);
  EXPECT_NEAR(*number_of(*against_tree.rows[2].find("time_ratio")), 0.5, 1e-12);
  EXPECT_THAT(message_from([] { comparison(two(), {.baseline = "tre"}); }),
              HasSubstr("did you mean \"tree\"?"));
}

TEST(Comparison, LinesUpRunsOfOneAlgorithmEach) {
  Report ring, tree;
  ring.results = {samples::result("ring", 1024, 60e-6)};
  tree.results = {samples::result("tree", 1024, 30e-6)};
  EXPECT_EQ(*comparison({{"r", ring}, {"t", tree}}, {}).rows[1].find("time_ratio"), Cell{0.5});
}

TEST(Comparison, FindsTheRowsWhereAConditionHolds) {
  const auto compared = comparison(two(), {});
  const auto where = [&](const std::string& text) { return rows_where(compared, Condition{text}); };
  EXPECT_THAT(where("time > 1.4*baseline"), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(where("time > 1.6*baseline"), testing::IsEmpty());
  EXPECT_THAT(where("time_s >= 1e-3 && bytes > 1024"), ElementsAre(2, 3, 6, 7));
  EXPECT_EQ(in_words(compared, Condition{"time > baseline"}, 4),
            "b.json ring 1 KiB: time 90.0 us, baseline 60.0 us");
  EXPECT_THAT(message_from([&] { where("tme > 1"); }), HasSubstr("did you mean \"time\"?"));
}

TEST(Comparison, ATargetThatIsNeverReachedTakesForEver) {
  const auto compared =
      comparison({{"a", samples::training({4, 2, 1})}, {"b", samples::training({4, 3})}},
                 {.targets = {{"loss", 2}}});
  EXPECT_THAT(rows_where(compared, Condition{"time_to_loss_2 > 100*baseline"}), ElementsAre(1));
}

TEST(Comparison, RefusesWhatCannotBeCompared) {
  auto other = run("b.json", 1);
  other.report.timing = Timing::back_to_back;
  EXPECT_THAT(message_from([&] {
                comparison({run("a.json", 1), other}, {});
              }),
              HasSubstr("not comparable (--timing)"));
  EXPECT_THAT(message_from([] { comparison({}, {}); }), HasSubstr("at least one report"));
  EXPECT_THAT(message_from([] { comparison({{"a", Report{}}}, {}); }), HasSubstr("no results"));
  EXPECT_THAT(message_from([] {
                const auto alone = comparison({run("a.json", 1)}, {});
                rows_where(alone, Condition{"time > baseline"});
              }),
              HasSubstr("no row has a baseline"));
}

}  // namespace
}  // namespace troupe::analysis
