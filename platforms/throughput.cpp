#include "platforms/throughput.hpp"

#include <algorithm>
#include <limits>

namespace troupe::platforms {
namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

/// The least of what a flow may have of its own accord.
double own_limit(const LinkPath& flow, std::span<const Capacity> links) {
  double limit = unlimited;
  for (const int link : flow) {
    const Capacity& capacity = links[static_cast<std::size_t>(link)];
    if (!capacity.shared) limit = std::min(limit, capacity.bandwidth.value);
  }
  return limit;
}

}  // namespace

BytesPerSecond fair_throughput(std::span<const LinkPath> flows, std::span<const Capacity> links) {
  std::vector<double> left(links.size(), unlimited);
  std::vector<int> users(links.size(), 0);
  for (std::size_t i = 0; i < links.size(); ++i)
    if (links[i].shared) left[i] = links[i].bandwidth.value;
  for (const LinkPath& flow : flows)
    for (const int link : flow) ++users[static_cast<std::size_t>(link)];

  std::vector<const LinkPath*> growing;
  for (const LinkPath& flow : flows) growing.push_back(&flow);
  double total = 0;
  for (double rate = 0; !growing.empty();) {
    double step = unlimited;  // until the next link is full or the next flow has all it may
    for (std::size_t i = 0; i < links.size(); ++i)
      if (users[i] > 0) step = std::min(step, left[i] / users[i]);
    for (const LinkPath* flow : growing) step = std::min(step, own_limit(*flow, links) - rate);
    if (step == unlimited) return {unlimited};
    rate += step;
    for (std::size_t i = 0; i < links.size(); ++i) left[i] -= step * users[i];

    const auto is_full = [&](int link) {
      const std::size_t i = static_cast<std::size_t>(link);
      return left[i] <= 1e-9 * links[i].bandwidth.value;
    };
    const auto stops = [&](const LinkPath* flow) {
      return std::ranges::any_of(*flow, is_full) || own_limit(*flow, links) <= rate * (1 + 1e-9);
    };
    std::vector<const LinkPath*> still;
    std::vector<const LinkPath*> stopped;
    for (const LinkPath* flow : growing) (stops(flow) ? stopped : still).push_back(flow);
    for (const LinkPath* flow : stopped) {
      total += rate;
      for (const int link : *flow) --users[static_cast<std::size_t>(link)];
    }
    if (stopped.empty()) break;  // rounding: nothing moves any more
    growing = std::move(still);
  }
  return {total};
}

}  // namespace troupe::platforms
