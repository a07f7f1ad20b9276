#include "scenarios/memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace troupe::scenarios {
namespace {

namespace fs = std::filesystem;

std::string content_of(const char* file) {
  std::ostringstream content;
  content << std::ifstream{file}.rdbuf();
  return std::move(content).str();
}

bool lists(const std::string& names, const std::string& name) {
  return ("," + names + ",").find("," + name + ",") != std::string::npos;
}

/// A tree of groups: the process's own, the part of the tree that is mounted, and where.
struct Tree {
  fs::path group, mounted, at;

  /// The folders of the group and of those above it.
  std::vector<fs::path> folders(const fs::path& root) const {
    const fs::path top = root / at.relative_path();
    const fs::path below = group.lexically_relative(mounted);
    std::vector<fs::path> all{top};
    if (below.empty() || *below.begin() == "..") return all;  // as seen from a container
    for (const auto& step : below)
      if (step != ".") all.push_back(all.back() / step);
    return all;
  }
};

/// Of lines "4:memory:/group" (version 1) and "0::/group" (version 2).
std::optional<fs::path> group_in(const std::string& groups, bool second_version) {
  std::istringstream lines{groups};
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', std::min(first, line.size() - 1) + 1);
    if (first == line.npos || second == line.npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    if (second_version ? line.starts_with("0::") : lists(controllers, "memory"))
      return line.substr(second + 1);
  }
  return {};
}

/// Of lines "35 31 0:32 ROOT POINT rw,relatime - cgroup cgroup rw,memory" (proc(5)).
std::optional<Tree> tree_in(const std::string& groups, const std::string& mounts,
                            bool second_version) {
  const auto group = group_in(groups, second_version);
  if (!group) return {};
  std::istringstream lines{mounts};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields{line};
    std::string skipped, root, point, word, type, source, options;
    fields >> skipped >> skipped >> skipped >> root >> point;
    while (fields >> word && word != "-") {
    }
    fields >> type >> source >> options;
    if (second_version ? type == "cgroup2" : type == "cgroup" && lists(options, "memory"))
      return Tree{.group = *group, .mounted = root, .at = point};
  }
  return {};
}

}  // namespace

std::optional<Bytes> control_group_limit(const std::string& groups, const std::string& mounts,
                                         const fs::path& root) {
  std::optional<Bytes> least;
  for (const bool second_version : {true, false}) {
    const auto tree = tree_in(groups, mounts, second_version);
    if (!tree) continue;
    for (const auto& folder : tree->folders(root)) {
      std::ifstream file{folder / (second_version ? "memory.max" : "memory.limit_in_bytes")};
      std::uint64_t bytes = 0;
      if (!(file >> bytes)) continue;  // "max", or nothing there
      if (!least || bytes < least->value) least = Bytes{bytes};
    }
  }
  return least;
}

MemoryLimit memory_limit() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  const auto page = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  const Bytes machine{pages * page};
  const auto group =
      control_group_limit(content_of("/proc/self/cgroup"), content_of("/proc/self/mountinfo"));
  if (group && group->value < machine.value) return {*group, "this process's control group"};
  return {machine, "this machine"};
}

}  // namespace troupe::scenarios
