#include "sim/loggp/platform_network.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/errors.hpp"

namespace troupe::sim::loggp {

namespace {

std::size_t index(int number) { return static_cast<std::size_t>(number); }

/// Distances between two ranks to look at.
std::vector<int> distances(int ranks) {
  std::vector<int> all;
  if (ranks <= 256) {
    for (int distance = 1; distance < ranks; ++distance) all.push_back(distance);
    return all;
  }
  for (int distance = 1; distance < ranks; distance *= 2) {
    all.push_back(distance);
    all.push_back(ranks - distance);
  }
  return all;
}

}  // namespace

PlatformNetwork::PlatformNetwork(const platforms::PlacedPlatform& platform,
                                 std::vector<Override> overrides, bool with_ports)
    : platform_{platform}, overrides_{std::move(overrides)}, with_ports_{with_ports} {
  for (const auto& link : platform.links)
    ports_.push_back({link.name, {link.bandwidth.value * platform.network.bandwidth_factor}});
  ranks_of_host_.resize(platform.hosts.size());
  for (const auto& rank : platform.ranks) ++ranks_of_host_[index(rank.host)];
  const auto there = classes();
  const auto name = [](PairClass of) {
    return std::string{pair_classes[static_cast<std::size_t>(of)]};
  };
  std::string names;
  for (const ClassFacts& facts : there) names += (names.empty() ? "" : ", ") + name(facts.of);
  for (const Override& override : overrides_)
    if (std::ranges::find(there, override.of, &ClassFacts::of) == there.end())
      throw BadPlatform{platform.source + ": no two ranks are \"" + name(override.of) +
                        "\" here, so that nothing can be said of their messages" +
                        (names.empty() ? "" : " (some are: " + names + ")")};
}

SizeScale PlatformNetwork::scale(std::uint8_t kind, double bytes) const {
  const auto& network = platform_.network;
  const auto pair = static_cast<PairClass>(kind);
  SizeScale scale;
  if (network.latency_factor > 0)
    scale.latency = network.latency_factor_of(pair, bytes) / network.latency_factor;
  scale.per_byte = network.bandwidth_factor / network.bandwidth_factor_of(pair, bytes);
  return scale;
}

PairClass PlatformNetwork::class_of(Rank from, Rank to) const {
  return platform_.class_of(from, to);
}

Route PlatformNetwork::route(Rank from, Rank to) const {
  const platforms::Way way = platform_.way(from, to);
  const PairClass of = class_of(from, to);
  const double narrowest = platform_.narrowest(way).value;
  Seconds latency = platform_.network.effective_latency(way.latency);
  double bandwidth = std::isfinite(narrowest)
                         ? platform_.network.effective_bandwidth({narrowest}, way.latency).value
                         : narrowest;
  for (const Override& override : overrides_)
    if (override.of == of) {
      latency = override.latency.value_or(latency);
      bandwidth = override.bandwidth.value_or(BytesPerSecond{bandwidth}).value;
    }
  if (of != PairClass::same_host && !(std::isfinite(bandwidth) && bandwidth > 0))
    throw BadPlatform{platform_.source + ": the route from host " + platform_.host_of(from).name +
                      " to host " + platform_.host_of(to).name +
                      " has no bandwidth; LogGP needs a latency and a bandwidth for every pair"};
  Route route{.latency = latency,
              .per_byte = Seconds{std::isfinite(bandwidth) ? 1 / bandwidth : 0},
              .kind = static_cast<std::uint8_t>(of)};
  if (with_ports_) {
    const auto [out, in] = ends_of(from, to, way);
    route.out = out;
    route.in = in;
  }
  const auto is_own = [&](Rank rank, std::int32_t port) {
    return port == Route::no_port || (platform_.links[index(port)].own &&
                                      ranks_of_host_[index(platform_.place_of(rank).host)] == 1);
  };
  route.own_ports = is_own(from, route.out) && is_own(to, route.in);
  return route;
}

/// The first and the last link. Where a device has a link of its own to the card that takes it out
/// of its node, and the card is the narrower of the two, the card.
PlatformNetwork::Ends PlatformNetwork::ends_of(Rank from, Rank to,
                                               const platforms::Way& way) const {
  if (way.links.empty()) return {Route::no_port, Route::no_port};
  const auto bandwidth = [&](int link) { return platform_.links[index(link)].bandwidth; };
  const bool leaves = platform_.states_nodes && class_of(from, to) == PairClass::across;
  const auto end = [&](int outer, int inner) -> std::int32_t {
    const int link = leaves && bandwidth(inner) < bandwidth(outer) ? inner : outer;
    return platform_.links[index(link)].shared ? link : Route::no_port;
  };
  const std::size_t count = way.links.size();
  if (count == 1) return {end(way.links[0], way.links[0]), Route::no_port};
  if (count < 4)
    return {end(way.links[0], way.links[0]), end(way.links[count - 1], way.links[count - 1])};
  return {end(way.links[0], way.links[1]), end(way.links[count - 1], way.links[count - 2])};
}

std::vector<ClassFacts> PlatformNetwork::classes() const {
  std::map<PairClass, ClassFacts> found;
  const int n = platform_.size();
  const int step = std::max(1, n / 4096);
  for (const int distance : distances(n))
    for (int from = 0; from < n; from += step) {
      const int to = (from + distance) % n;
      const PairClass of = class_of(from, to);
      const Route way = route(from, to);
      const BytesPerSecond bandwidth{way.per_byte.count() > 0 ? 1 / way.per_byte.count() : 0};
      const auto [place, fresh] = found.try_emplace(of);
      ClassFacts& facts = place->second;
      if (fresh) facts = {of, 0, way.latency, way.latency, bandwidth, bandwidth};
      ++facts.pairs;
      facts.least_latency = std::min(facts.least_latency, way.latency);
      facts.most_latency = std::max(facts.most_latency, way.latency);
      facts.least_bandwidth = std::min(facts.least_bandwidth, bandwidth);
      facts.most_bandwidth = std::max(facts.most_bandwidth, bandwidth);
    }
  std::vector<ClassFacts> all;
  for (const auto& [of, facts] : found) all.push_back(facts);
  return all;
}

std::vector<PlatformNetwork::Unseen> PlatformNetwork::unseen(
    const std::vector<std::pair<Rank, Rank>>& pairs) const {
  struct Load {
    std::set<std::int32_t> out, in;
  };
  std::map<int, Load> loads;  // by link
  for (const auto& [from, to] : pairs) {
    const platforms::Way way = platform_.way(from, to);
    const auto [out, in] = ends_of(from, to, way);
    for (const int link : way.links) {
      if (!platform_.links[index(link)].shared) continue;
      if (with_ports_ && (link == out || link == in)) continue;
      loads[link].out.insert(out);
      loads[link].in.insert(in);
    }
  }
  const auto sum = [&](const std::set<std::int32_t>& ports) {
    double total = 0;
    for (const std::int32_t port : ports)
      if (port != Route::no_port) total += ports_[index(port)].bandwidth.value;
    return total;
  };
  std::vector<Unseen> all;
  for (const auto& [link, load] : loads) {
    const double factor =
        std::min(sum(load.out), sum(load.in)) / ports_[index(link)].bandwidth.value;
    if (factor > 1 + 1e-9) all.push_back({ports_[index(link)].name, factor});
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, &Unseen::factor);
  return all;
}

}  // namespace troupe::sim::loggp
