#include "platforms/simgrid/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "platforms/throughput.hpp"

namespace troupe::platforms {
namespace {

namespace s4u = simgrid::s4u;

constexpr int all_pairs_up_to = 256;

/// Pairs (i, i + shift mod n): every shift, or the powers of two both ways where n is large.
std::vector<int> shifts_for(int n) {
  std::vector<int> shifts;
  if (n <= all_pairs_up_to)
    for (int shift = 1; shift < n; ++shift) shifts.push_back(shift);
  else
    for (int shift = 1; shift < n; shift *= 2) {
      shifts.push_back(shift);
      shifts.push_back(n - shift);
    }
  return shifts;
}

/// Without those that SimGrid, or our zone, has between ranks of one host.
std::vector<const s4u::Link*> links_by_name(const s4u::Engine& engine, bool ours) {
  std::vector<const s4u::Link*> links;
  for (const s4u::Link* link : engine.get_all_links())
    if (link->get_name() != "__loopback__" && !(ours && link->get_name() == "loopback"))
      links.push_back(link);
  std::ranges::sort(links, {}, &s4u::Link::get_name);
  return links;
}

template <class Value>
Value median(std::vector<Value>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// α and β of many routes.
class Costs {
 public:
  void add(Seconds latency, BytesPerSecond bandwidth) {
    alphas_.push_back(latency.count());
    betas_.push_back(1 / bandwidth.value);
  }
  PairCosts summary() {
    if (alphas_.empty()) return {};
    return {.alpha_median = Seconds{median(alphas_)},
            .alpha_max = Seconds{*std::ranges::max_element(alphas_)},
            .beta_median = median(betas_),
            .beta_max = *std::ranges::max_element(betas_)};
  }

 private:
  std::vector<double> alphas_, betas_;
};

struct WayCosts {
  Seconds latency{};
  BytesPerSecond bandwidth{std::numeric_limits<double>::infinity()};
};

class Survey {
 public:
  explicit Survey(const SimGridPlatform& platform) : platform_{platform} {
    for (const s4u::Link* link :
         links_by_name(*s4u::Engine::get_instance(), platform.own_ways() != nullptr)) {
      index_.emplace(link, static_cast<int>(summary_.links.size()));
      summary_.links.push_back(
          {.name = link->get_name(),
           .bandwidth = {link->get_bandwidth()},
           .latency = Seconds{link->get_latency()},
           .shared = link->get_sharing_policy() != s4u::Link::SharingPolicy::FATPIPE});
    }
    if (const auto* own = platform.own_ways())
      for (const s4u::Link* link : own->links) own_index_.push_back(index_.at(link));
  }

  PlatformSummary run(bool with_graph) {
    describe();
    cost_pairs();
    bisect();
    if (with_graph) draw();
    for (const RankFacts& rank : summary_.ranks)
      summary_.gamma =
          std::max(summary_.gamma,
                   reduction_seconds_per_byte(summary_.hosts[static_cast<std::size_t>(rank.host)]));
    return std::move(summary_);
  }

 private:
  void describe() {
    summary_.name = platform_.spec().name();
    summary_.digest = platform_.digest();
    summary_.network = platform_.network();
    summary_.hosts.assign(platform_.host_facts().begin(), platform_.host_facts().end());
    for (const RankPlace& place : platform_.ranks())
      summary_.ranks.push_back({.host = place.host_index, .slot = place.slot, .node = place.node});
    summary_.nodes = platform_.node_count();
    summary_.grid.assign(platform_.grid().begin(), platform_.grid().end());
    summary_.notes.assign(platform_.notices().begin(), platform_.notices().end());
  }

  void cost_pairs() {
    const int n = static_cast<int>(summary_.ranks.size());
    const auto host = [&](int rank) { return summary_.ranks[static_cast<std::size_t>(rank)].host; };
    const NetworkModel& network = summary_.network;
    Costs raw, effective;
    for (const int shift : shifts_for(n))
      for (int from = 0; from < n; ++from) {
        const int to = (from + shift) % n;
        if (host(from) == host(to)) continue;
        const WayCosts there = costs_of(path_between(host(from), host(to)));
        raw.add(there.latency, there.bandwidth);
        effective.add(network.effective_latency(there.latency),
                      network.effective_bandwidth(there.bandwidth, there.latency));
        ++summary_.pairs;
        if (from < to && differs(there, costs_of(path_between(host(to), host(from)))))
          ++summary_.asymmetric_pairs;
      }
    summary_.raw = raw.summary();
    summary_.effective = effective.summary();
    if (n > all_pairs_up_to)
      summary_.notes.push_back(
          fmt::format("latency, bandwidth and bisection come from {} of {} pairs of ranks, those "
                      "1, 2, 4, … apart",
                      summary_.pairs, std::int64_t{n} * (n - 1)));
  }
  static bool differs(const WayCosts& there, const WayCosts& back) {
    const auto far = [](double a, double b) { return std::abs(a - b) > 1e-9 * std::max(a, b); };
    return far(there.latency.count(), back.latency.count()) ||
           far(there.bandwidth.value, back.bandwidth.value);
  }
  WayCosts costs_of(const LinkPath& path) const {
    WayCosts costs;
    for (const int link : path) {
      const LinkFacts& facts = summary_.links[static_cast<std::size_t>(link)];
      costs.latency += facts.latency;
      costs.bandwidth.value = std::min(costs.bandwidth.value, facts.bandwidth.value);
    }
    return costs;
  }

  /// The routes between hosts, whoever sits on them.
  template <class Visit>
  void walk_hosts(const Visit& visit) {
    const int n = static_cast<int>(summary_.hosts.size());
    for (const int shift : shifts_for(n))
      for (int from = 0; from < n; ++from)
        visit(from, (from + shift) % n, path_between(from, (from + shift) % n));
  }
  void bisect() {
    const int n = static_cast<int>(summary_.hosts.size());
    std::vector<LinkPath> forth, back;
    walk_hosts([&](int from, int to, const LinkPath& path) {
      for (const int link : path) summary_.links[static_cast<std::size_t>(link)].used = true;
      if (from < n / 2 && to >= n - n / 2) forth.push_back(path);
      if (to < n / 2 && from >= n - n / 2) back.push_back(path);
    });
    std::vector<Capacity> capacities;
    for (const LinkFacts& link : summary_.links)
      capacities.push_back({.bandwidth = link.bandwidth, .shared = link.shared});
    if (forth.empty()) return;
    summary_.bisection =
        std::min(fair_throughput(forth, capacities), fair_throughput(back, capacities));
  }
  void draw() {
    std::vector<NamedRoute> routes;
    walk_hosts([&](int from, int to, const LinkPath& path) {
      NamedRoute& route = routes.emplace_back(NamedRoute{.from = from, .to = to, .links = {}});
      for (const int link : path)
        route.links.push_back(summary_.links[static_cast<std::size_t>(link)].name);
    });
    summary_.graph = graph_of(static_cast<int>(summary_.hosts.size()), routes);
  }

  /// Between two hosts that are not the same; good until the next call.
  const LinkPath& path_between(int from, int to) {
    if (const auto* own = platform_.own_ways()) {
      path_ = own->route(from, to);
      for (int& link : path_) link = own_index_[static_cast<std::size_t>(link)];
      return path_;
    }
    const auto hosts = platform_.hosts();
    double latency = 0;
    crossed_.clear();
    path_.clear();
    hosts[static_cast<std::size_t>(from)]->route_to(hosts[static_cast<std::size_t>(to)], crossed_,
                                                    &latency);
    for (const s4u::Link* link : crossed_) path_.push_back(index_.at(link));
    return path_;
  }

  const SimGridPlatform& platform_;
  PlatformSummary summary_;
  std::unordered_map<const s4u::Link*, int> index_;
  std::vector<int> own_index_;  // by index of own_ways()->links
  std::vector<s4u::Link*> crossed_;
  LinkPath path_;
};

}  // namespace

PlatformSummary survey(const SimGridPlatform& platform, bool with_graph) {
  return Survey{platform}.run(with_graph);
}

}  // namespace troupe::platforms
