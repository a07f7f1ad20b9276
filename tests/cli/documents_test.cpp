// README and docs show only what the program prints: every ```console block is run in the root of
// the tree, command by command, and compared.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using testing::HasSubstr;

/// A page, cut at the commands of its ```console blocks ("$ " begins one) and at what stands below
/// each.
struct Cut {
  bool is_output = false;
  std::string command, text;  ///< of an output: the command above it
};

std::vector<Cut> cut(const std::filesystem::path& page) {
  std::ifstream in{page};
  std::vector<Cut> cuts{{}};
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    const bool is_command = inside && line.starts_with("$ ");
    if (line.starts_with("```")) inside = line == "```console";
    if (cuts.back().is_output && (is_command || !inside)) cuts.emplace_back();
    cuts.back().text += line + "\n";
    if (is_command) cuts.push_back({.is_output = true, .command = line.substr(2), .text = ""});
  }
  return cuts;
}

const std::filesystem::path root{TROUPE_SOURCE_DIR};

std::vector<std::filesystem::path> pages_of_project() {
  std::vector<std::filesystem::path> pages{root / "README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "docs"})
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  std::ranges::sort(pages);
  return pages;
}

class Documents : public testing::TestWithParam<std::filesystem::path> {};

/// With TROUPE_UPDATE_PAGES in the environment the page is written anew.
TEST_P(Documents, ShowWhatTheProgramPrints) {
  const auto page = root / GetParam();
  auto cuts = cut(page);
  for (auto& [is_output, command, text] : cuts) {
    if (!is_output) continue;
    ASSERT_TRUE(command.starts_with("troupe ")) << page << ": " << command;
    const Ran ran = troupe(command.substr(7), "cd '" + root.string() + "' &&");
    EXPECT_EQ(ran.status, 0) << page << ": " << command << "\n" << ran.err;
    if (std::getenv("TROUPE_UPDATE_PAGES")) text = ran.out;
    EXPECT_EQ(ran.out, text) << page << ": " << command;
  }
  if (!std::getenv("TROUPE_UPDATE_PAGES")) return;
  std::ofstream out{page};
  for (const auto& one : cuts) out << one.text;
}

/// Only pages that show something.
std::vector<std::filesystem::path> pages_with_output() {
  std::vector<std::filesystem::path> pages;
  for (const auto& page : pages_of_project())
    if (cut(page).size() > 1) pages.push_back(std::filesystem::relative(page, root));
  return pages;
}
INSTANTIATE_TEST_SUITE_P(Of, Documents, testing::ValuesIn(pages_with_output()),
                         [](const auto& page) { return page.param.stem().string(); });

/// The words of a command up to a comment, a pipe or what comes after it.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words{""};
  char quote = 0;
  for (const char c : line) {
    if (!quote && (c == '#' || c == '|' || c == ';')) break;
    if (c == quote) quote = 0;
    else if (!quote && c == '\'') quote = c;
    else if (!quote && c == ' ') words.emplace_back();
    else words.back() += c;
  }
  return words;
}

/// What no test can compare (real runs, files of a reader's own) names commands and options that
/// there are.
TEST(AllDocuments, NameOnlyCommandsAndOptionsThatExist) {
  std::map<std::string, std::string> options;  // of a command: " --long -s …"
  int checked = 0;
  for (const auto& page : pages_of_project()) {
    std::stringstream content;
    content << std::ifstream{page}.rdbuf();
    const auto text = content.str();
    static const std::regex shown{"(?:^|\n|`)(?:[a-z]+run -n [^`\n]*?)?troupe ([a-z]+ [^`\n]*)"};
    for (auto at = std::sregex_iterator{text.begin(), text.end(), shown};
         at != std::sregex_iterator{}; ++at) {
      const auto words = words_of((*at)[1]);
      const auto& command = words.front();
      if (!options.contains(command)) {
        const Ran ran = troupe(command + " --help=options");
        std::istringstream lines{ran.out};
        for (std::string line; ran.status == 0 && std::getline(lines, line);) {
          const auto tab = line.find('\t');
          options[command] += " --" + line.substr(0, tab) + " -" +
                              line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1) + " ";
        }
      }
      EXPECT_TRUE(options.contains(command) || command == "help") << page << ": " << (*at)[0];
      for (const auto& word : words) {
        if (!word.starts_with("-") || word == "-" || word == "-np" || command == "help") continue;
        EXPECT_THAT(options[command], HasSubstr(" " + word.substr(0, word.find('=')) + " "))
            << page << ": " << (*at)[0];
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 50);
}

#ifdef TROUPE_MPI_PROGRAM
/// Runs on one machine, of scenarios that come with Troupe; times are nobody's to compare.
TEST(AllDocuments, ShowRunsOnMpiThatWork) {
  int ran = 0;
  for (const auto& page : pages_of_project()) {
    std::stringstream content;
    content << std::ifstream{page}.rdbuf();
    const auto text = content.str();
    static const std::regex shown{"\nmpirun -n ([0-9]+) troupe (run scenarios/[^#\n]*)"};
    for (auto at = std::sregex_iterator{text.begin(), text.end(), shown};
         at != std::sregex_iterator{}; ++at, ++ran) {
      const Ran run = troupe((*at)[2].str() + " -q",
                             "cd '" + root.string() + "' && " MPIEXEC " -n " + (*at)[1].str());
      EXPECT_EQ(run.status, 0) << page << (*at)[0] << "\n" << run.err;
    }
  }
  EXPECT_GE(ran, 2);
}
#endif

#ifdef TROUPE_HAS_SIMGRID
/// 16 GPUs on two nodes with eight NICs of 50 GB/s each: one ring leaves a node by one NIC, eight
/// by all.
TEST(AllDocuments, FillTheNicsOfTwoNodesByManyRingsAndOneNicByOne) {
  const auto bus_bandwidth = [](const std::string& algorithm) {
    const Ran ran = troupe("collective --platform dgx_h100_2 --algorithm " + algorithm +
                           " --sizes 8G --format nccl");
    EXPECT_EQ(ran.status, 0) << ran.err;
    const auto at = ran.out.find("Avg bus bandwidth");
    return std::stod(ran.out.substr(ran.out.find(':', at) + 1));
  };
  constexpr double nic = 50, node = 8 * nic;  // GB/s
  EXPECT_GE(bus_bandwidth("multi_ring"), 0.9 * node);
  const double one_ring = bus_bandwidth("ring");
  EXPECT_LE(one_ring, nic);
  EXPECT_GE(one_ring, 0.9 * nic);
}
#endif

}  // namespace
}  // namespace troupe::cli_test
