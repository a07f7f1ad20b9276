// Each option of each command is in its manual page, in its page of the documentation and in the
// completions of every shell.

#include <fmt/format.h>

#include <sstream>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using testing::HasSubstr;

class Completion : public CliTest {
 protected:
  /// The words of the overview that stand for commands.
  static std::vector<std::string> commands() {
    std::vector<std::string> names;
    std::istringstream text{troupe("help").out};
    bool inside = false;
    for (std::string line; std::getline(text, line);) {
      if (line == "Commands:") inside = true;
      else if (inside && line.empty()) break;
      else if (inside) names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    return names;
  }
  /// The long options of a command's help, without dashes.
  static std::vector<std::string> options(const std::string& command) {
    std::vector<std::string> names;
    std::istringstream words{troupe(command + " --help").out};
    for (std::string line; std::getline(words, line);) {
      if (!line.starts_with("  -")) continue;
      const auto at = line.find("--");
      names.push_back(line.substr(at + 2, line.find(' ', at) - at - 2));
    }
    return names;
  }
  static bool available(const std::string& command) {
#ifndef TROUPE_HAS_SIMGRID
    if (command == "platform") return false;
#endif
    return command != "help";
  }
};

TEST_F(Completion, KnowsEachOptionOfEachCommand) {
  const auto bash = troupe("completion bash").out, zsh = troupe("completion zsh").out,
             fish = troupe("completion fish").out, overview = troupe("help --help=man").out;
  int compared = 0;
  for (const auto& command : commands()) {
    if (!available(command)) continue;
    const auto page = troupe(command + " --help=man").out;
    const auto markdown = troupe(command + " --help=markdown").out;
    EXPECT_THAT(markdown, testing::StartsWith("# troupe " + command + "\n"));
    const auto begin = bash.find(fmt::format("    {}) options='", command));
    ASSERT_NE(begin, bash.npos) << command;
    const auto in_bash = bash.substr(begin, bash.find('\n', begin) - begin);
    const auto at = zsh.find(fmt::format("    {})\n", command));
    ASSERT_NE(at, zsh.npos) << command;
    const auto in_zsh = zsh.substr(at, zsh.find(";;", at) - at);
    for (const auto& option : options(command)) {
      EXPECT_THAT(in_bash, HasSubstr("--" + option + " "));
      EXPECT_THAT(in_zsh, HasSubstr("*--" + option + "["));
      EXPECT_THAT(
          fish, HasSubstr(fmt::format("'__fish_seen_subcommand_from {}' -l {} ", command, option)));
      std::string in_roff;
      for (const char c : "--" + option) in_roff += c == '-' ? std::string{"\\-"} : std::string{c};
      EXPECT_THAT(page, HasSubstr(in_roff)) << command;
      EXPECT_THAT(markdown, HasSubstr("--" + option)) << command;
      ++compared;
    }
    EXPECT_THAT(page, testing::StartsWith(".TH troupe-" + command + " 1 "));
    EXPECT_THAT(overview, HasSubstr(".BR troupe\\-" + command + " (1)"));
  }
  EXPECT_GT(compared, 100);
  EXPECT_THAT(bash, HasSubstr(" --minbytes -b "));
  EXPECT_THAT(bash, HasSubstr("'--op --algorithm -a "));  // no letter where there is none
}

TEST_F(Completion, CompletesInBash) {
  const auto script = write("try.sh", fmt::format(R"(
source <({} completion bash)
COMP_WORDS=(troupe collective --seg) COMP_CWORD=2
_troupe
echo "${{COMPREPLY[@]}}"
COMP_WORDS=(troupe sw) COMP_CWORD=1
_troupe
echo "${{COMPREPLY[@]}}"
)",
                                                  TROUPE_PROGRAM));
  const auto ran = shell("bash " + script);
  EXPECT_EQ(ran.out, "--segments\nsweep\n") << ran.err;
}

TEST_F(Completion, IsReadByTheShellsThatAreHere) {
  for (const char* name : {"bash", "zsh", "fish"}) {
    if (shell(fmt::format("command -v {}", name)).status != 0) continue;
    const auto script = write(name, troupe(fmt::format("completion {}", name)).out);
    const auto ran = shell(fmt::format("{} -n {}", name, script));
    EXPECT_EQ(ran.status, 0) << name << ": " << ran.err;
  }
  const auto ran = troupe("completion fissh");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean \"fish\"?"));
}

TEST_F(Completion, ManualPagesAreReadByManWithoutComplaint) {
  if (shell("command -v groff").status != 0) GTEST_SKIP() << "groff is not installed";
  for (const auto& command : commands()) {
    if (!available(command)) continue;
    const auto page = write("page.1", troupe(command + " --help=man").out);
    const auto ran = shell("groff -man -Tutf8 -ww " + page);
    EXPECT_EQ(ran.status, 0) << command;
    EXPECT_EQ(ran.err, "") << command;
  }
}

}  // namespace
}  // namespace troupe::cli_test
