// Every scenario that comes with Troupe is one.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenarios/scenario.hpp"

namespace troupe::scenarios {
namespace {

namespace fs = std::filesystem;

TEST(ScenarioFiles, AllRead) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator{TROUPE_SOURCE_DIR "/scenarios"}) {
    if (entry.path().extension() != ".json" || entry.path().stem().extension() == ".schema")
      continue;
    SCOPED_TRACE(entry.path().string());
    Origin origin;
    const auto json = load_scenario(entry.path(), {}, origin);
    const auto scenario = read_scenario(json, origin, entry.path().parent_path());
    EXPECT_FALSE(scenario.name.empty());
    const bool on_file = scenario.platform && scenario.platform->generator.empty();
    EXPECT_TRUE(!on_file || fs::exists(scenario.platform->file));
    ++files;
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace troupe::scenarios
