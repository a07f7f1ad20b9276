#include "scenarios/machine_simgrid.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "platforms/device_profiles.hpp"

namespace troupe::scenarios {
namespace {

using platforms::SimGridPlatform;

constexpr double unlimited = std::numeric_limits<double>::infinity();

/// Peers of a rank to look at: all of a small platform, those at distances of powers of two of a
/// large one.
std::vector<int> peers_of(int rank, int ranks) {
  std::vector<int> peers;
  if (ranks <= 128) {
    for (int peer = 0; peer < ranks; ++peer)
      if (peer != rank) peers.push_back(peer);
    return peers;
  }
  for (int distance = 1; distance < ranks; distance *= 2) {
    peers.push_back((rank + distance) % ranks);
    peers.push_back((rank + ranks - distance % ranks) % ranks);
  }
  return peers;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The sum of the bandwidths of distinct links; a link that shares nothing limits nothing.
class Access {
 public:
  void through(const simgrid::s4u::Link* link) {
    const bool shared = link->get_sharing_policy() != simgrid::s4u::Link::SharingPolicy::FATPIPE;
    links_[link] = shared ? link->get_bandwidth() : unlimited;
  }
  double bandwidth() const {
    double sum = 0;
    for (const auto& [link, bandwidth] : links_) sum += bandwidth;
    return sum;
  }

 private:
  std::map<const simgrid::s4u::Link*, double> links_;
};

/// Seconds to reduce a byte: between 1 and 2 MiB, so that a launch does not count.
double gamma_of(const sim::Processor& processor, sim::Compute compute) {
  constexpr std::size_t count = 256 * 1024;
  const auto time = [&](std::size_t values) {
    const auto operand = Slice::phantom(values);
    return sim::charge(compute, processor, Reduce{.op = Op::sum, .into = operand, .from = operand});
  };
  return (time(2 * count) - time(count)).count() / (count * sizeof(float));
}

/// What the platform states, else what the profile of the host's device says.
sim::Processor processor_of(const platforms::HostFacts& facts) {
  sim::Processor processor;
  processor.speed = facts.speed;
  const auto profiles = platforms::device_profiles();
  const auto profile = std::find_if(profiles.begin(), profiles.end(),
                                    [&](const auto& known) { return known.name == facts.device; });
  if (profile != profiles.end()) {
    processor.speed = profile->rate(Dtype::float32, false).value_or(facts.speed);
    processor.double_speed = profile->rate(Dtype::float64, false).value_or(FlopsPerSecond{});
    processor.memory_bandwidth = profile->memory_bandwidth;
    processor.launch = profile->launch_overhead;
  }
  if (facts.memory_bandwidth) processor.memory_bandwidth = *facts.memory_bandwidth;
  return processor;
}

/// The links by which the ranks of rank 0's node leave it: the first of each route to the next node
/// that no route within the node takes. Only where the platform says what a node is; else 1.
int nics_per_node(const SimGridPlatform& platform) {
  const auto ranks = platform.ranks();
  if (platform.node_count() < 2 || !ranks.front().host->get_property("node")) return 1;
  std::vector<int> members, others;
  for (int rank = 0; rank < static_cast<int>(ranks.size()); ++rank) {
    const int node = ranks[static_cast<std::size_t>(rank)].node;
    if (node < 2) (node == 0 ? members : others).push_back(rank);
  }
  std::set<const simgrid::s4u::Link*> within, leaving;
  for (const int a : members)
    for (const int b : members)
      for (const auto* link : platform.links_between(a, b)) within.insert(link);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto route = platform.links_between(members[i], others[i % others.size()]);
    const auto out =
        std::ranges::find_if(route, [&](const auto* link) { return !within.contains(link); });
    if (out != route.end()) leaving.insert(*out);
  }
  return std::max(1, static_cast<int>(leaving.size()));
}

}  // namespace

std::vector<sim::Processor> processors_of(const SimGridPlatform& platform,
                                          const ComputeChoice& compute) {
  std::vector<sim::Processor> processors;
  const auto ranks = static_cast<int>(platform.ranks().size());
  for (int rank = 0; rank < ranks; ++rank) {
    auto processor = processor_of(platform.facts_of(rank));
    const auto index = static_cast<std::size_t>(rank);
    if (index < compute.speed.size()) {
      const double factor = compute.speed[index];
      processor.speed = processor.speed * factor;
      processor.double_speed = processor.double_speed * factor;
      processor.memory_bandwidth = processor.memory_bandwidth * factor;
    }
    processors.push_back(processor);
  }
  return processors;
}

Machine machine_of(const SimGridPlatform& platform, const std::vector<sim::Processor>& processors,
                   sim::Compute compute) {
  Machine machine;
  machine.ranks = static_cast<int>(platform.ranks().size());
  machine.platform = platform.spec().generator.empty() ? platform.spec().file.stem().string()
                                                       : platform.spec().name();
  machine.digest = platform.digest();
  for (const auto& place : platform.ranks()) {
    machine.host_of_rank.emplace_back(place.host->get_cname());
    machine.layout.node_of_rank.push_back(place.node);
  }
  machine.layout.nics_per_node = nics_per_node(platform);
  machine.layout.grid.assign(platform.grid().rbegin(), platform.grid().rend());
  machine.notes.assign(platform.notices().begin(), platform.notices().end());
  std::vector<double> gammas;
  for (const auto& processor : processors) gammas.push_back(gamma_of(processor, compute));
  algorithms::AlphaBetaGamma typical, best;
  typical.gamma = *std::max_element(gammas.begin(), gammas.end());
  best.gamma = *std::min_element(gammas.begin(), gammas.end());
  if (machine.ranks > 1) {
    std::vector<double> latencies, rates;
    double widest = 0;
    std::vector<Access> leave(processors.size()), enter(processors.size());
    for (int rank = 0; rank < machine.ranks; ++rank) {
      for (const int peer : peers_of(rank, machine.ranks)) {
        const auto route = platform.route(rank, peer);
        latencies.push_back(route.effective_latency.count());
        rates.push_back(route.effective_bandwidth.value);
        const auto links = platform.links_between(rank, peer);
        if (links.empty()) continue;
        leave[static_cast<std::size_t>(rank)].through(links.front());
        enter[static_cast<std::size_t>(peer)].through(links.back());
      }
    }
    for (const auto& side : {leave, enter})
      for (const auto& access : side) widest = std::max(widest, access.bandwidth());
    typical.alpha = Seconds{median(latencies)};
    typical.beta = 1 / median(rates);
    best.alpha = Seconds{*std::min_element(latencies.begin(), latencies.end())};
    best.beta = widest > 0 ? 1 / (widest * platform.network().bandwidth_factor) : 0;
  }
  machine.typical = typical;
  machine.best = best;
  return machine;
}

}  // namespace troupe::scenarios
