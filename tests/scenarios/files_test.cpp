// Every scenario that comes with Troupe is one, and runs to its end: each in a process of its own,
// that of the program.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/report_json.hpp"
#include "scenarios/scenario.hpp"
#include "tests/cli/shell.hpp"

namespace troupe::scenarios {
namespace {

namespace fs = std::filesystem;

const fs::path folder{TROUPE_SOURCE_DIR "/scenarios"};

/// "family/name" of all of them, in order.
std::vector<std::string> all_scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.path().extension() == ".json" && entry.path().stem().extension() != ".schema" &&
        entry.path().parent_path().filename() != "sweeps")
      names.push_back(entry.path().lexically_relative(folder).replace_extension());
  std::ranges::sort(names);
  return names;
}

TEST(ScenarioFiles, AreManyAndNoneIsNamedAsAnother) {
  std::set<std::string> told;
  for (const std::string& name : all_scenarios()) {
    SCOPED_TRACE(name);
    const fs::path file = folder / (name + ".json");
    Origin origin;
    const auto scenario =
        read_scenario(load_scenario(file, {}, origin), origin, file.parent_path());
    EXPECT_FALSE(scenario.name.empty());
    EXPECT_TRUE(told.insert(scenario.name).second) << scenario.name;
    const bool on_file = scenario.platform && scenario.platform->generator.empty();
    EXPECT_TRUE(!on_file || fs::exists(scenario.platform->file));
  }
  EXPECT_GE(told.size(), 25u);
}

#ifdef TROUPE_HAS_SIMGRID
class ScenarioFile : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Simulated, ScenarioFile, testing::ValuesIn(all_scenarios()),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::ranges::replace_if(
                               name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST_P(ScenarioFile, RunsToItsEnd) {
  const fs::path file = folder / (GetParam() + ".json");
  const auto ran = cli_test::troupe("run '" + file.string() + "' -q --json - --reproducible");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto report = analysis::report_from_json(ran.out, GetParam());
  EXPECT_TRUE(!report.results.empty() || !report.training.empty());
  for (const auto& result : report.results) EXPECT_EQ(result.wrong.value_or(0), 0u) << result.algorithm;
}
#endif

}  // namespace
}  // namespace troupe::scenarios
