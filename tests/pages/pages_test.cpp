// docs/strategies.md is the catalogue, docs/frameworks.md names only what exists, and
// docs/adding_an_algorithm.md shows the code that is in the tree. With TROUPE_UPDATE_PAGES=1 in the
// environment the pages that follow from the tree are written anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "algorithms/catalogue.hpp"
#include "algorithms/strategies.hpp"

namespace troupe {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path root{TROUPE_SOURCE_DIR};
constexpr auto how =
    "TROUPE_UPDATE_PAGES=1 pages_tests writes the pages that follow from the tree anew";

std::string text_of(const fs::path& file) {
  std::ifstream stream{root / file};
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Holds the part of a page from the line that begins with `begin` up to the line `end` to what it
/// should be.
void expect_part(const fs::path& page, const std::string& begin, const std::string& end,
                 const std::string& expected) {
  std::string text = text_of(page);
  const auto from = text.find("\n" + begin) + 1;
  ASSERT_NE(from, 0u) << page << " has no line " << begin;
  const auto to = text.find("\n" + end + "\n", from) + 1;
  ASSERT_NE(to, 0u) << page << " has no line \"" << end << "\" after " << begin;
  if (std::getenv("TROUPE_UPDATE_PAGES"))
    std::ofstream{root / page} << text.replace(from, to - from, expected);
  EXPECT_EQ(text_of(page).substr(from, expected.size()), expected) << how;
}

TEST(StrategiesPage, IsTheCatalogue) {
  std::string table = "| strategy | what it does | family | source |\n|---|---|---|---|\n";
  for (const auto& strategy : algorithms::strategies())
    table += "| `" + std::string{strategy.kind.name} + "` | " + std::string{strategy.kind.summary} +
             " | `" + std::string{strategy.family} + "` | " + std::string{strategy.source} + " |\n";
  expect_part("docs/strategies.md", "| strategy |", "", table);
}

TEST(AddingAnAlgorithm, ShowsTheFilesAsTheyAre) {
  const auto expect_shown = [](const std::string& begin, const fs::path& file) {
    expect_part("docs/adding_an_algorithm.md", begin, "```", text_of(file));
  };
  expect_shown("#include \"algorithms/gossip/incremental_gradient",
               "algorithms/gossip/incremental_gradient.cpp");
  expect_shown("#pragma once", "algorithms/gossip/incremental_gradient.hpp");
  expect_shown("{\"troupe\": 1", "scenarios/gossip/walk.json");
}

TEST(AddingAnAlgorithm, ShowsTheLineAsItIs) {
  const std::string table = text_of("algorithms/gossip/table.cpp");
  const auto from = table.find("    {.kind = {.name = \"incremental_gradient\"");
  ASSERT_NE(from, table.npos);
  const std::string end = "},\n";
  const auto to = table.find(end, table.find(".refusal", from)) + end.size();
  expect_part("docs/adding_an_algorithm.md", "    {.kind = {.name = ", "```",
              table.substr(from, to - from));
}

TEST(AddingAnAlgorithm, IsInTheListOfSources) {
  for (const char* file : {"gossip/incremental_gradient.cpp", "gossip/incremental_gradient.hpp"})
    EXPECT_THAT(text_of("algorithms/strategies.cmake"), HasSubstr(file));
}

/// Everything that has a name in a scenario's training or collective.
std::set<std::string> known_names() {
  using algorithms::Collective;
  std::set<std::string> names;
  for (const auto& strategy : algorithms::strategies()) {
    names.emplace(strategy.kind.name);
    for (const auto& setting : strategy.kind.settings) {
      names.emplace(algorithms::name_of(setting));
      for (const auto& choice : algorithms::choices_of(setting)) names.insert(choice);
    }
  }
  for (const auto op : {Collective::allreduce, Collective::reduce_scatter, Collective::allgather}) {
    names.emplace(algorithms::name_of(op));
    for (const auto* entry : algorithms::entries_of(op)) names.emplace(entry->name);
  }
  return names;
}

std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator{text.begin(), text.end(), pattern};
       at != std::sregex_iterator{}; ++at)
    found.push_back((*at)[1]);
  return found;
}

TEST(FrameworksPage, NamesOnlyWhatExistsHere) {
  static const std::regex word{"`\"?([a-z_0-9]+)\"?`"}, link{R"(\]\(([^)#]+))"};
  const std::set<std::string> names = known_names();
  std::istringstream page{text_of("docs/frameworks.md")};
  int checked = 0;
  for (std::string line; std::getline(page, line);) {
    for (const std::string& file : matches(line, link))
      EXPECT_TRUE(fs::exists(root / "docs" / file)) << file;
    std::vector<std::string> cells;
    std::istringstream row{line};
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    if (cells.size() < 5) continue;  // no row of a table
    const bool is_code_of_ours = cells[3].find(".hpp)") != std::string::npos;
    for (const std::string& name : matches(cells[3], word)) {
      EXPECT_TRUE(names.contains(name) || name == "collective" ||
                  (is_code_of_ours &&
                   text_of("algorithms/map_reduce/driver.hpp").find(name) != std::string::npos))
          << name << " in: " << line;
      ++checked;
    }
  }
  EXPECT_GT(checked, 20);
}

TEST(FrameworksPage, KnowsTheToolsThatTheSourcesName) {
  const std::string page = text_of("docs/frameworks.md");
  for (const char* tool : {"DistributedDataParallel", "FullyShardedDataParallel", "ZeRO",
                           "communication hook", "MirroredStrategy", "ParameterServerStrategy",
                           "Ray Train", "treeAggregate", "broadcast variable", "accumulator",
                           "KVStore", "dist_sync", "dist_async", "Horovod", "Hivemind", "DiLoCo"})
    EXPECT_THAT(page, HasSubstr(tool));
}

}  // namespace
}  // namespace troupe
