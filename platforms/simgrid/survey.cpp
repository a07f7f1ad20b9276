#include "platforms/simgrid/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

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

std::vector<LinkFacts> links_of(const s4u::Engine& engine) {
  std::vector<LinkFacts> links;
  for (const s4u::Link* link : engine.get_all_links())
    links.push_back({.name = link->get_name(),
                     .bandwidth = {link->get_bandwidth()},
                     .latency = Seconds{link->get_latency()},
                     .shared = link->get_sharing_policy() != s4u::Link::SharingPolicy::FATPIPE});
  std::ranges::sort(links, {}, &LinkFacts::name);
  std::erase_if(links, [](const LinkFacts& link) {  // between ranks of one host, SimGrid's and ours
    return link.name == "__loopback__" || link.name == "loopback";
  });
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

class Survey {
 public:
  explicit Survey(const SimGridPlatform& platform) : platform_{platform} {
    summary_.links = links_of(*s4u::Engine::get_instance());
    for (std::size_t i = 0; i < summary_.links.size(); ++i)
      index_.emplace(summary_.links[i].name, static_cast<int>(i));
  }

  PlatformSummary run() {
    describe();
    cost_pairs();
    walk_hosts();
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
    Costs raw, effective;
    for (const int shift : shifts_for(n))
      for (int from = 0; from < n; ++from) {
        const int to = (from + shift) % n;
        if (host(from) == host(to)) continue;
        const RouteFacts route = platform_.route(from, to);
        raw.add(route.latency, route.bandwidth);
        effective.add(route.effective_latency, route.effective_bandwidth);
        ++summary_.pairs;
        if (from < to && differs(route, platform_.route(to, from))) ++summary_.asymmetric_pairs;
      }
    summary_.raw = raw.summary();
    summary_.effective = effective.summary();
    if (n > all_pairs_up_to)
      summary_.notes.push_back(
          fmt::format("latency, bandwidth and bisection come from {} of {} pairs of ranks, those "
                      "1, 2, 4, … apart",
                      summary_.pairs, std::int64_t{n} * (n - 1)));
  }
  static bool differs(const RouteFacts& there, const RouteFacts& back) {
    const auto far = [](double a, double b) { return std::abs(a - b) > 1e-9 * std::max(a, b); };
    return far(there.latency.count(), back.latency.count()) ||
           far(there.bandwidth.value, back.bandwidth.value);
  }

  /// The routes between hosts, whoever sits on them: for the graph and the bisection.
  void walk_hosts() {
    const int n = static_cast<int>(summary_.hosts.size());
    std::vector<NamedRoute> routes;
    std::vector<LinkPath> forth, back;
    for (const int shift : shifts_for(n))
      for (int from = 0; from < n; ++from) {
        const int to = (from + shift) % n;
        LinkPath path;
        routes.push_back({.from = from, .to = to, .links = names_between(from, to, path)});
        if (from < n / 2 && to >= n - n / 2) forth.push_back(path);
        if (to < n / 2 && from >= n - n / 2) back.push_back(path);
      }
    summary_.graph = graph_of(n, routes);
    std::vector<Capacity> capacities;
    for (const LinkFacts& link : summary_.links)
      capacities.push_back({.bandwidth = link.bandwidth, .shared = link.shared});
    if (forth.empty()) return;
    summary_.bisection =
        std::min(fair_throughput(forth, capacities), fair_throughput(back, capacities));
  }
  std::vector<std::string> names_between(int from, int to, LinkPath& path) {
    std::vector<s4u::Link*> links;
    double latency = 0;
    const auto hosts = platform_.hosts();
    hosts[static_cast<std::size_t>(from)]->route_to(hosts[static_cast<std::size_t>(to)], links,
                                                    &latency);
    std::vector<std::string> names;
    for (const s4u::Link* link : links) {
      names.push_back(link->get_name());
      path.push_back(index_.at(names.back()));
      summary_.links[static_cast<std::size_t>(path.back())].used = true;
    }
    return names;
  }

  const SimGridPlatform& platform_;
  PlatformSummary summary_;
  std::map<std::string, int> index_;
};

}  // namespace

PlatformSummary survey(const SimGridPlatform& platform) { return Survey{platform}.run(); }

}  // namespace troupe::platforms
