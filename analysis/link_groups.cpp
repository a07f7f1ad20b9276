// Which ranks are near each other.

#include <algorithm>
#include <map>
#include <set>

#include "analysis/latency_fit.hpp"
#include "analysis/link_fit.hpp"

namespace troupe::analysis {
namespace {

/// Groups that a relation between ranks makes: numbered by their first rank. Empty where it does
/// not divide the ranks: somebody is near two who are not near each other.
std::vector<int> divided(std::size_t ranks, const std::set<Flow>& near) {
  std::vector<int> groups(ranks, -1);
  int count = 0;
  const auto are_near = [&](std::size_t a, std::size_t b) {
    return near.contains({static_cast<Rank>(std::min(a, b)), static_cast<Rank>(std::max(a, b))});
  };
  for (std::size_t first = 0; first < ranks; ++first) {
    if (groups[first] >= 0) continue;
    for (std::size_t rank = first; rank < ranks; ++rank)
      if (rank == first || are_near(first, rank)) {
        if (groups[rank] >= 0) return {};
        groups[rank] = count;
      }
    ++count;
  }
  for (std::size_t a = 0; a < ranks; ++a)
    for (std::size_t b = a + 1; b < ranks; ++b)
      if ((groups[a] == groups[b]) != are_near(a, b)) return {};
  return groups;
}

std::vector<int> by_host(const std::vector<std::string>& hosts) {
  std::map<std::string, int> numbers;
  std::vector<int> groups;
  for (const auto& host : hosts)
    groups.push_back(numbers.try_emplace(host, static_cast<int>(numbers.size())).first->second);
  return groups;
}

}  // namespace

std::vector<int> groups_of(const MeasuredLinks& links) {
  std::set<Rank> seen;
  for (const auto& pair : links.pairs) seen.insert({pair.a, pair.b});
  const std::size_t n = seen.empty() ? 0 : static_cast<std::size_t>(*seen.rbegin()) + 1;
  std::vector<int> one(n, 0);
  if (links.hosts.size() == n) {
    const auto groups = by_host(links.hosts);
    const auto count = static_cast<std::size_t>(*std::ranges::max_element(groups)) + 1;
    if (count < n) return groups;
  }
  std::vector<PairLatency> latencies;
  for (const auto& pair : links.pairs)
    if (!pair.points.empty())
      latencies.push_back({pair.a, pair.b, pair.points.front().time.count()});
  constexpr double agrees = 0.03;  // relative: a single switch explains the times, but of few pairs
  LatencyFit best = fit_latencies(latencies, one);
  if (best.residual < agrees) return one;
  if (latencies.size() < n * (n - 1) / 2) return one;  // a sample says nothing of who is near whom
  std::ranges::sort(latencies, {}, &PairLatency::seconds);
  std::vector<int> groups = one;
  std::set<Flow> near;
  for (std::size_t i = 0; i + 1 < latencies.size(); ++i) {
    near.insert({latencies[i].a, latencies[i].b});
    if (latencies[i + 1].seconds < 1.1 * latencies[i].seconds) continue;  // no gap here
    const auto candidate = divided(n, near);
    if (candidate.empty()) continue;
    const auto fit = fit_latencies(latencies, candidate);
    if (fit.left_out.size() > best.left_out.size() ||
        (fit.left_out.size() == best.left_out.size() && fit.residual > best.residual / 2))
      continue;
    best = fit;
    groups = candidate;
  }
  return groups;
}

}  // namespace troupe::analysis
