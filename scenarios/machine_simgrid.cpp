#include "scenarios/machine_simgrid.hpp"

#include <algorithm>
#include <limits>
#include <map>

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
