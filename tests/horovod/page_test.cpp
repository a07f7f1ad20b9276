// The code of docs/horovod.md is this code, and it does what the page says.

#include "horovod/page.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "core/checked.hpp"
#include "core/loopback.hpp"

namespace troupe::tests {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& file) {
  std::ifstream stream{std::string{TROUPE_SOURCE_DIR} + "/" + file};
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What stands between the first two lines that are `mark`.
std::string between(const std::string& text, const std::string& mark) {
  const auto begin = text.find("\n" + mark + "\n") + mark.size() + 2;
  return text.substr(begin, text.find("\n" + mark + "\n", begin) - begin);
}

TEST(Page, ShowsTheCodeThatIsTested) {
  const std::string code = between(text_of("tests/horovod/page.cpp"), "// ---");
  EXPECT_THAT(code, testing::StartsWith("std::vector<double> fit_a_line("));
  EXPECT_THAT(text_of("docs/horovod.md"), testing::HasSubstr("```cpp\n" + code + "\n```\n"));
}

TEST(Page, FitsTheSameLineOnEveryRankAndWritesOneFile) {
  const fs::path folder = fs::path{testing::TempDir()} / "troupe_horovod_page";
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::mutex mutex;
  std::vector<std::vector<double>> lines;
  run_loopback(4, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const auto own = (folder / ("line_" + std::to_string(comm.rank()))).string();
    const auto line = fit_a_line(checked, own);
    const std::lock_guard lock{mutex};
    lines.push_back(line);
  });
  EXPECT_THAT(lines, testing::Each(lines.at(0)));
  EXPECT_NEAR(lines[0][0], 2, 1e-3);
  EXPECT_NEAR(lines[0][1], 1, 1e-3);
  std::vector<std::string> files;
  for (const auto& file : fs::directory_iterator{folder}) files.push_back(file.path().filename());
  EXPECT_THAT(files, testing::ElementsAre("line_0"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace troupe::tests
