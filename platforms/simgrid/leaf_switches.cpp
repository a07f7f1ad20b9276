#include "platforms/simgrid/leaf_switches.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::platforms {
namespace {

namespace s4u = simgrid::s4u;

std::size_t link_count(const s4u::Host* from, const s4u::Host* to) {
  std::vector<s4u::Link*> links;
  double latency = 0;
  from->route_to(to, links, &latency);
  return links.size();
}

/// Enough pairs to have met two hosts of one switch: neighbours in order, and the first with all.
std::size_t shortest(std::span<s4u::Host* const> hosts) {
  std::size_t least = link_count(hosts[0], hosts[1]);
  for (std::size_t i = 1; i < hosts.size(); ++i)
    least = std::min({least, link_count(hosts[i - 1], hosts[i]), link_count(hosts[0], hosts[i])});
  return least;
}

}  // namespace

std::vector<int> leaf_switch_groups(std::span<s4u::Host* const> hosts) {
  std::vector<int> alone(hosts.size());
  std::iota(alone.begin(), alone.end(), 0);
  if (hosts.size() < 3) return alone;

  constexpr std::size_t all_pairs_below =
      1024;  // beyond, only hosts declared side by side are joined
  const std::size_t near = shortest(hosts);
  std::vector<int> group_of;
  std::vector<std::vector<s4u::Host*>> groups;
  for (s4u::Host* const host : hosts) {
    const std::size_t tried =
        hosts.size() < all_pairs_below ? groups.size() : std::min<std::size_t>(groups.size(), 1);
    const auto end = groups.rbegin() + static_cast<std::ptrdiff_t>(tried);
    const auto home = std::find_if(groups.rbegin(), end, [&](const auto& group) {
      return link_count(group.front(), host) == near;
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
                    [&](const s4u::Host* member) { return link_count(member, host) == near; });
    if (!near_to_all) return alone;
    group_of.push_back(static_cast<int>(groups.rend() - home) - 1);
    home->push_back(host);
  }
  return groups.size() == 1 ? alone : group_of;
}

}  // namespace troupe::platforms
