#include "scenarios/backend_simulated.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "platforms/device_profiles.hpp"
#include "sim/measured_times.hpp"

namespace troupe::scenarios {
namespace {

using platforms::PlacedPlatform;

constexpr double unlimited = std::numeric_limits<double>::infinity();

sim::Compute compute_of(ComputeModel model) {
  switch (model) {
    case ComputeModel::roofline: return sim::Compute::roofline;
    case ComputeModel::flops: return sim::Compute::flops;
    case ComputeModel::none: break;
  }
  return sim::Compute::none;
}

sim::Jitter jitter_of(const Scenario& scenario) {
  using Kind = sim::Jitter::Kind;
  const JitterChoice& choice = scenario.compute.jitter;
  const Kind kind = choice.kind == "exponential" ? Kind::exponential
                    : choice.kind == "lognormal" ? Kind::lognormal
                    : choice.kind == "trace"     ? Kind::trace
                                                 : Kind::none;
  return {.kind = kind, .sigma = choice.sigma, .factors = choice.factors, .seed = scenario.seed};
}

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
  void through(int link, const platforms::LinkFacts& facts) {
    links_[link] = facts.shared ? facts.bandwidth.value : unlimited;
  }
  double bandwidth() const {
    double sum = 0;
    for (const auto& [link, bandwidth] : links_) sum += bandwidth;
    return sum;
  }

 private:
  std::map<int, double> links_;
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

const platforms::DeviceProfile* profile_of(const platforms::HostFacts& facts) {
  const auto profiles = platforms::device_profiles();
  const auto profile = std::ranges::find(profiles, facts.device, &platforms::DeviceProfile::name);
  return profile == profiles.end() ? nullptr : &*profile;
}

/// Ranks that sit on one host share its device.
std::optional<DeviceMemory> least_memory(const PlacedPlatform& platform) {
  std::map<std::string, std::uint64_t> ranks_on;
  for (int rank = 0; rank < platform.size(); ++rank) ++ranks_on[platform.host_of(rank).name];
  std::optional<DeviceMemory> least;
  for (int rank = 0; rank < platform.size(); ++rank) {
    const platforms::HostFacts& host = platform.host_of(rank);
    const auto* profile = profile_of(host);
    if (!profile) continue;
    const Bytes share{profile->memory.value / ranks_on[host.name]};
    if (!least || share < least->bytes) least = {rank, std::string{profile->name}, share};
  }
  return least;
}

/// What the platform states, else what the profile of the host's device says.
sim::Processor processor_of(const platforms::HostFacts& facts) {
  sim::Processor processor;
  processor.speed = facts.speed;
  if (const auto* profile = profile_of(facts)) {
    processor.speed = profile->rate(Dtype::float32, false).value_or(facts.speed);
    processor.double_speed = profile->rate(Dtype::float64, false).value_or(FlopsPerSecond{});
    processor.bfloat16_speed = profile->rate(Dtype::bfloat16, true).value_or(FlopsPerSecond{});
    processor.memory_bandwidth = profile->memory_bandwidth;
    processor.launch = profile->launch_overhead;
  }
  if (facts.memory_bandwidth) processor.memory_bandwidth = *facts.memory_bandwidth;
  return processor;
}

/// Measured times, and for kernels that were not measured the best rates that were.
void put(const std::shared_ptr<const sim::MeasuredTimes>& measured, sim::Processor& processor) {
  processor.measured = measured;
  if (const auto speed = measured->speed(Dtype::float32); speed.value > 0) processor.speed = speed;
  if (const auto speed = measured->speed(Dtype::float64); speed.value > 0)
    processor.double_speed = speed;
  if (const auto speed = measured->speed(Dtype::bfloat16); speed.value > 0)
    processor.bfloat16_speed = speed;
  if (measured->memory_bandwidth().value > 0)
    processor.memory_bandwidth = measured->memory_bandwidth();
  if (measured->launch_overhead().count() > 0) processor.launch = measured->launch_overhead();
}

/// The links by which the ranks of rank 0's node leave it: the first of each route to the next node
/// that no route within the node takes. Only where the platform says what a node is; else 1.
int nics_per_node(const PlacedPlatform& platform) {
  if (platform.nodes < 2 || !platform.states_nodes) return 1;
  std::vector<int> members, others;
  for (int rank = 0; rank < platform.size(); ++rank)
    if (const int node = platform.place_of(rank).node; node < 2)
      (node == 0 ? members : others).push_back(rank);
  std::set<int> within, leaving;
  for (const int a : members)
    for (const int b : members)
      for (const int link : platform.way(a, b).links) within.insert(link);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto route = platform.way(members[i], others[i % others.size()]).links;
    const auto out = std::ranges::find_if(route, [&](int link) { return !within.contains(link); });
    if (out != route.end()) leaving.insert(*out);
  }
  return std::max(1, static_cast<int>(leaving.size()));
}

/// What the size of messages makes of the general factors: for 1 MiB, and at best.
struct SizeScale {
  double latency = 1, least_latency = 1, bandwidth = 1;
};
SizeScale scale_of(const platforms::NetworkModel& network, platforms::PairClass pair) {
  SizeScale scale;
  if (!network.factors_by_size) return scale;
  using platforms::typical_message;
  if (network.latency_factor > 0) {
    const auto& by_size = network.by_size[static_cast<std::size_t>(pair)];
    scale.latency = by_size.latency.at(typical_message) / network.latency_factor;
    scale.least_latency = by_size.latency.least() / network.latency_factor;
  }
  scale.bandwidth = network.bandwidth_factor_of(pair, typical_message) / network.bandwidth_factor;
  return scale;
}

}  // namespace

sim::Options simulation_options(const Scenario& scenario) {
  sim::Options options{.eager_limit = scenario.eager_limit,
                       .compute = compute_of(scenario.compute.model),
                       .jitter = jitter_of(scenario)};
  const bool values = scenario.collective && scenario.collective->check.value_or(false);
  if (scenario.collective && scenario.phantom.value_or(!values)) options.stack = Bytes{64 * 1024};
  return options;
}

std::vector<sim::Processor> processors_of(const PlacedPlatform& platform,
                                          const ComputeChoice& compute) {
  std::vector<sim::Processor> processors;
  std::shared_ptr<const sim::MeasuredTimes> measured;
  if (compute.device) measured = std::make_shared<sim::MeasuredTimes>(*compute.device->measured);
  for (int rank = 0; rank < platform.size(); ++rank) {
    auto processor = processor_of(platform.host_of(rank));
    if (measured) put(measured, processor);
    const auto index = static_cast<std::size_t>(rank);
    if (index < compute.speed.size()) {
      const double factor = compute.speed[index];
      processor.speed = processor.speed * factor;
      processor.double_speed = processor.double_speed * factor;
      processor.bfloat16_speed = processor.bfloat16_speed * factor;
      processor.memory_bandwidth = processor.memory_bandwidth * factor;
      processor.pace = factor;
    }
    processors.push_back(processor);
  }
  return processors;
}

Machine machine_of(const PlacedPlatform& platform, const std::vector<sim::Processor>& processors,
                   const sim::Options& options) {
  Machine machine;
  machine.ranks = platform.size();
  machine.platform = platform.name;
  machine.digest = platform.digest;
  for (int rank = 0; rank < machine.ranks; ++rank) {
    machine.host_of_rank.push_back(platform.host_of(rank).name);
    machine.layout.node_of_rank.push_back(platform.place_of(rank).node);
  }
  machine.layout.node_size = algorithms::size_of_equal_nodes(machine.layout.node_of_rank);
  machine.layout.nics_per_node = nics_per_node(platform);
  machine.layout.grid.assign(platform.grid.rbegin(), platform.grid.rend());
  machine.least_memory = least_memory(platform);
  machine.notes = platform.notices;
  std::vector<double> gammas;
  for (const auto& processor : processors) gammas.push_back(gamma_of(processor, options.compute));
  algorithms::AlphaBetaGamma typical, best;
  typical.gamma = *std::max_element(gammas.begin(), gammas.end());
  best.gamma = *std::min_element(gammas.begin(), gammas.end());
  const bool is_measured = std::ranges::any_of(
      processors, [](const auto& processor) { return processor.measured != nullptr; });
  if (is_measured || options.jitter.kind != sim::Jitter::Kind::none) best.gamma = 0;
  if (machine.ranks > 1) {
    std::vector<double> latencies, rates;
    double widest = 0, least = std::numeric_limits<double>::infinity();
    std::vector<Access> leave(processors.size()), enter(processors.size());
    const int step = std::max(1, machine.ranks / 4096);
    for (int rank = 0; rank < machine.ranks; rank += step) {
      for (const int peer : peers_of(rank, machine.ranks)) {
        const auto way = platform.way(rank, peer);
        const auto narrowest = platform.narrowest(way);
        const auto scale = scale_of(platform.network, platform.class_of(rank, peer));
        const double latency = platform.network.effective_latency(way.latency).count();
        latencies.push_back(scale.latency * latency);
        least = std::min(least, scale.least_latency * latency);
        rates.push_back(scale.bandwidth *
                        platform.network.effective_bandwidth(narrowest, way.latency).value);
        if (way.links.empty()) continue;
        const auto note = [&](Access& access, int link) {
          access.through(link, platform.links[static_cast<std::size_t>(link)]);
        };
        note(leave[static_cast<std::size_t>(rank)], way.links.front());
        note(enter[static_cast<std::size_t>(peer)], way.links.back());
      }
    }
    for (const auto& side : {leave, enter})
      for (const auto& access : side) widest = std::max(widest, access.bandwidth());
    typical.alpha = Seconds{median(latencies)};
    typical.beta = 1 / median(rates);
    best.alpha = Seconds{least};
    double fastest = platform.network.bandwidth_factor;
    for (const auto& factors : platform.network.by_size)  // those for some other size may be better
      if (platform.network.factors_by_size)
        fastest = std::max({1.0, fastest, factors.bandwidth.greatest()});
    best.beta = widest > 0 ? 1 / (widest * fastest) : 0;
  }
  machine.typical = typical;
  if (!platform.changes_with_time) machine.best = best;
  return machine;
}

BusyTimes busy_times_of(const sim::SoFar& so_far, Rank rank, Seconds now) {
  const auto use = so_far.rank(rank, now);
  return {use.computing, use.communicating};
}

std::map<std::string, Seconds> busy_links_of(const sim::SoFar& so_far) {
  std::map<std::string, Seconds> busy;
  for (const auto& link : so_far.links()) busy[link.name] = link.busy;
  return busy;
}

void describe(const sim::SimulationResult& result, RunOutcome& outcome) {
  outcome.end = result.end;
  outcome.unmatched_messages = result.unmatched.size();
  int rank = 0;
  for (const auto& use : result.ranks)
    outcome.ranks.push_back({.rank = rank++,
                             .host = use.host,
                             .messages = use.messages_sent,
                             .bytes = use.bytes_sent.value,
                             .received_messages = use.messages_received,
                             .received_bytes = use.bytes_received.value,
                             .kernels = use.kernels,
                             .flops = use.flops,
                             .compute = use.computing,
                             .communication = use.communicating,
                             .waiting = use.waiting});
  for (const auto& use : result.links)
    outcome.links.push_back({.name = use.name,
                             .bandwidth = use.bandwidth,
                             .messages = use.messages,
                             .bytes = use.bytes.value,
                             .busy_share = result.end.count() > 0 ? use.busy / result.end : 0.0,
                             .most_flows = use.most_flows});
  std::sort(outcome.links.begin(), outcome.links.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const auto& cell : result.traffic)
    outcome.traffic.push_back(
        {.from = cell.from, .to = cell.to, .messages = cell.messages, .bytes = cell.bytes.value});
}

}  // namespace troupe::scenarios
