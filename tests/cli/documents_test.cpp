// README and docs show only what the program prints: every ```console block is run in the root of
// the tree, command by command, and compared.

#include <fstream>
#include <sstream>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

struct Example {
  std::string command, output;
};

/// The commands of the ```console blocks ("$ " begins one), each with what the page shows below it.
std::vector<Example> examples_of(const std::filesystem::path& page) {
  std::ifstream in{page};
  std::vector<Example> examples;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      examples.push_back({line.substr(2), ""});
    } else if (inside && !examples.empty()) {
      examples.back().output += line + "\n";
    }
  }
  return examples;
}

TEST(Documents, ShowWhatTheProgramPrints) {
  const std::filesystem::path root{TROUPE_SOURCE_DIR};
  std::vector<std::filesystem::path> pages{root / "README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "docs"})
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  int compared = 0;
  for (const auto& page : pages)
    for (const Example& example : examples_of(page)) {
      ASSERT_TRUE(example.command.starts_with("troupe ")) << page << ": " << example.command;
      const Ran ran = troupe(example.command.substr(7), "cd '" + root.string() + "' &&");
      EXPECT_EQ(ran.status, 0) << page << ": " << example.command << "\n" << ran.err;
      EXPECT_EQ(ran.out, example.output) << page << ": " << example.command;
      ++compared;
    }
  EXPECT_GT(compared, 0);
}

#ifdef TROUPE_HAS_SIMGRID
/// 16 GPUs on two nodes with eight NICs of 50 GB/s each: one ring leaves a node by one NIC, eight
/// by all.
TEST(Documents, FillTheNicsOfTwoNodesByManyRingsAndOneNicByOne) {
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
