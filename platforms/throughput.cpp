#include "platforms/throughput.hpp"

#include <algorithm>
#include <limits>
#include <queue>

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

/// What stops flows, met in order of the rate at which it does. A link's rate only grows as flows
/// stop elsewhere, so each is looked at again when its turn comes: n log n in the crossings.
class Filling {
 public:
  Filling(std::span<const LinkPath> flows, std::span<const Capacity> links)
      : flows_{flows}, links_{links}, loads_(links.size()), stopped_(flows.size(), false) {
    for (std::size_t flow = 0; flow < flows.size(); ++flow) {
      for (const int link : flows[flow]) {
        ++load(link).growing;
        load(link).flows.push_back(flow);
      }
      if (const double limit = own_limit(flows[flow], links); limit < unlimited)
        stops_.push({limit, links.size() + flow});
    }
    for (std::size_t link = 0; link < links.size(); ++link)
      if (links[link].shared && loads_[link].growing > 0) stops_.push({full_at(link), link});
  }

  double total() {
    double rate = 0, total = 0;
    std::size_t growing = flows_.size();
    const auto stop = [&](std::size_t flow) {
      if (stopped_[flow]) return;
      stopped_[flow] = true;
      total += rate;
      --growing;
      for (const int link : flows_[flow]) {
        load(link).taken += rate;
        --load(link).growing;
      }
    };
    while (growing > 0) {
      if (stops_.empty()) return unlimited;
      const auto [at, what] = stops_.top();
      stops_.pop();
      if (what < links_.size()) {
        if (loads_[what].growing == 0) continue;
        if (const double now = full_at(what); now > at) {
          stops_.push({now, what});
          continue;
        }
      }
      rate = std::max(rate, at);
      if (what >= links_.size()) stop(what - links_.size());
      else
        for (const std::size_t flow : loads_[what].flows) stop(flow);
    }
    return total;
  }

 private:
  struct Load {
    double taken = 0;  // by flows that have stopped
    int growing = 0;
    std::vector<std::size_t> flows{};
  };
  /// A link, or beyond their number a flow that has all it may.
  using Stop = std::pair<double, std::size_t>;

  Load& load(int link) { return loads_[static_cast<std::size_t>(link)]; }
  double full_at(std::size_t link) const {
    return (links_[link].bandwidth.value - loads_[link].taken) / loads_[link].growing;
  }

  std::span<const LinkPath> flows_;
  std::span<const Capacity> links_;
  std::vector<Load> loads_;
  std::vector<bool> stopped_;
  std::priority_queue<Stop, std::vector<Stop>, std::greater<>> stops_;
};

}  // namespace

BytesPerSecond fair_throughput(std::span<const LinkPath> flows, std::span<const Capacity> links) {
  return {Filling{flows, links}.total()};
}

}  // namespace troupe::platforms
