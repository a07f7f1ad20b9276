#include "analysis/shared_processors.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::analysis {

std::optional<int> hosts_per_processor(const std::vector<int>& node, const std::vector<int>& place,
                                       const std::vector<std::string>& processor) {
  std::map<int, std::map<int, std::string>> nodes;  // names by place
  for (std::size_t rank = 0; rank < processor.size(); ++rank)
    nodes[node[rank]][place[rank]] =
        processor[rank].empty() ? "of rank " + std::to_string(rank) : processor[rank];
  std::optional<int> shared;
  for (const auto& one : nodes) {
    const auto& names = one.second;
    std::set<std::string> different;
    for (const auto& entry : names) different.insert(entry.second);
    const int ranks = static_cast<int>(names.size()), count = static_cast<int>(different.size());
    const bool in_turn = ranks % count == 0 && std::ranges::all_of(names, [&](const auto& entry) {
                           return entry.second == names.at(entry.first % count);
                         });
    if (!in_turn || shared.value_or(ranks / count) != ranks / count) return {};
    shared = ranks / count;
  }
  return shared.value_or(1);
}

}  // namespace troupe::analysis
