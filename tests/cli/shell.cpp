#include "shell.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace troupe::cli_test {

namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& file) {
  std::ifstream stream{file};
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

}  // namespace

Ran shell(const std::string& command) {
  const auto stem = fs::temp_directory_path() / fmt::format("troupe_shell_{}", ::getpid());
  const auto out = stem.string() + ".out", err = stem.string() + ".err";
  const int raw = std::system(fmt::format("{} >{} 2>{} </dev/null", command, out, err).c_str());
  Ran ran{.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw),
          .out = content(out),
          .err = content(err)};
  fs::remove(out);
  fs::remove(err);
  return ran;
}

Ran troupe(const std::string& arguments, const std::string& before) {
  return shell(fmt::format("{} {} {}", before, TROUPE_PROGRAM, arguments));
}

void CliTest::SetUp() {
  std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ranges::replace(test, '/', '_');  // of a parameter: one folder, which goes as a whole
  folder_ = fs::temp_directory_path() / fmt::format("troupe_cli_{}_{}", ::getpid(), test);
  fs::remove_all(folder_);
  fs::create_directories(folder_);
}
void CliTest::TearDown() { fs::remove_all(folder_); }

std::string CliTest::write(const std::string& name, const std::string& text) const {
  std::ofstream{folder_ / name} << text;
  return file(name);
}
std::string CliTest::read(const std::string& file) { return content(file); }

std::vector<std::string> CliTest::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder_})
    names.push_back(entry.path().filename());
  return names;
}

}  // namespace troupe::cli_test
