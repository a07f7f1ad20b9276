#include <algorithm>
#include <numeric>

#include "platforms/placed.hpp"

namespace troupe::platforms {

std::vector<int> leaf_switch_groups(int hosts,
                                    const std::function<std::size_t(int, int)>& links_between) {
  std::vector<int> alone(static_cast<std::size_t>(hosts));
  std::iota(alone.begin(), alone.end(), 0);
  if (hosts < 3) return alone;

  // Enough pairs to have met two hosts of one switch: neighbours in order, and the first with all.
  std::size_t near = links_between(0, 1);
  for (int i = 1; i < hosts; ++i)
    near = std::min({near, links_between(i - 1, i), links_between(0, i)});

  constexpr int all_pairs_below = 1024;  // beyond, only hosts declared side by side are joined
  std::vector<int> group_of;
  std::vector<std::vector<int>> groups;
  for (int host = 0; host < hosts; ++host) {
    const std::size_t tried =
        hosts < all_pairs_below ? groups.size() : std::min<std::size_t>(groups.size(), 1);
    const auto end = groups.rbegin() + static_cast<std::ptrdiff_t>(tried);
    const auto home = std::find_if(groups.rbegin(), end, [&](const auto& group) {
      return links_between(group.front(), host) == near;
    });
    if (home == end) {
      group_of.push_back(static_cast<int>(groups.size()));
      groups.push_back({host});
      continue;
    }
    // The latest members are enough to tell a switch from a chain of neighbours.
    const std::size_t compared = std::min<std::size_t>(home->size(), 8);
    const bool near_to_all =
        std::all_of(home->end() - static_cast<std::ptrdiff_t>(compared), home->end(),
                    [&](int member) { return links_between(member, host) == near; });
    if (!near_to_all) return alone;
    group_of.push_back(static_cast<int>(groups.rend() - home) - 1);
    home->push_back(host);
  }
  return groups.size() == 1 ? alone : group_of;
}

}  // namespace troupe::platforms
