#include "platforms/placed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "platforms/digest.hpp"
#include "platforms/generators.hpp"
#include "platforms/gpu_cluster.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::platforms {

BytesPerSecond PlacedPlatform::narrowest(const Way& way) const {
  double least = std::numeric_limits<double>::infinity();
  for (const int link : way.links)
    least = std::min(least, links[static_cast<std::size_t>(link)].bandwidth.value);
  return {least};
}

std::optional<OwnTopology> own_topology(const PlatformSpec& spec) {
  if (!spec.generator.empty())
    return OwnTopology{spec.generator,
                       generate(nlohmann::json::parse(spec.generator), spec.name())};
  if (spec.file.extension() != ".json") return {};
  const std::string file = spec.file.string();
  Topology topology = gpu_cluster(read_json_file(file), file);
  std::ostringstream content;
  content << std::ifstream{file, std::ios::binary}.rdbuf();
  return OwnTopology{std::move(content).str(), std::move(topology)};
}

namespace {

/// What SimGrid's settings say of a platform of ours.
struct OwnSettings {
  NetworkModel network{.name = "CM02", .chosen_by = "as all generated platforms"};
  LinkFacts loopback{.name = "loopback",  // SimGrid's defaults
                     .bandwidth = {498e6},
                     .latency = Seconds{15e-6},
                     .shared = false};

  void set(const std::string& name, const std::string& value) {
    if (name == "network/latency-factor") return number(name, value, network.latency_factor);
    if (name == "network/bandwidth-factor") return number(name, value, network.bandwidth_factor);
    if (name == "network/loopback-bw") return number(name, value, loopback.bandwidth.value);
    if (name == "network/loopback-lat") {
      double seconds = 0;
      number(name, value, seconds);
      loopback.latency = Seconds{seconds};
      return;
    }
    const bool is_off = value == "0" || value == "no" || value == "false";
    if (name == "network/model" && value == "CM02") return;
    if ((name == "network/crosstraffic" || name == "network/TCP-gamma") && is_off) return;
    throw BadPlatform(fmt::format(
        "cfg {}:{}: the LogGP world takes latencies and bandwidths as they stand and has no part "
        "for this setting; expected network/latency-factor or network/bandwidth-factor, or "
        "--network simgrid",
        name, value));
  }

 private:
  static void number(const std::string& name, const std::string& text, double& into) {
    char* end = nullptr;
    into = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(into > 0))
      throw BadPlatform(fmt::format("cfg {}:{}: expected a number above 0", name, text));
  }
};

class OwnPlatform final : public PlacedPlatform {
 public:
  OwnPlatform(const PlatformSpec& spec, const std::vector<std::string>& cfg, OwnTopology own)
      : topology_{std::move(own.topology)} {
    OwnSettings settings;
    for (const auto& [key, value] : spec.cfg) settings.set(key, value);
    if (spec.latency_factor) settings.network.latency_factor = *spec.latency_factor;
    if (spec.bandwidth_factor) settings.network.bandwidth_factor = *spec.bandwidth_factor;
    for (const auto& item : cfg) {
      const auto colon = std::min(item.find(':'), item.size());
      settings.set(item.substr(0, colon), item.substr(std::min(colon + 1, item.size())));
    }
    network = settings.network;
    if (topology_.by_size) network.scale_by_size(*topology_.by_size);
    name = spec.generator.empty() ? spec.file.stem().string() : spec.name();
    source = spec.name();
    digest = digest_of(fmt::format("{}\n{} {} {} {} {}", own.content, network.name,
                                   network.latency_factor, network.bandwidth_factor,
                                   network.tcp_window, network.cross_traffic));
    for (const TopologyHost& host : topology_.hosts)
      hosts.push_back({.name = host.name,
                       .speed = host.speed,
                       .device = host.device,
                       .memory_bandwidth = host.memory_bandwidth,
                       .processor = host.processor,
                       .sharing = host.sharing});
    for (const TopologyLink& link : topology_.links)
      links.push_back({.name = link.name,
                       .bandwidth = link.bandwidth,
                       .latency = link.latency,
                       .own = link.own});
    message_costs = topology_.message_costs;
    loopback_ = static_cast<int>(links.size());
    links.push_back(settings.loopback);
    place(spec);
  }

  Way way(int from, int to) const override {
    const int source_host = place_of(from).host, target_host = place_of(to).host;
    Way way;
    if (source_host == target_host) way.links = {loopback_};
    else way.links = topology_.route(source_host, target_host);
    for (const int link : way.links) way.latency += links[static_cast<std::size_t>(link)].latency;
    return way;
  }

 private:
  void place(const PlatformSpec& spec) {
    std::vector<std::string> names;
    for (const HostFacts& host : hosts) names.push_back(host.name);
    std::vector<Seat> seats;
    try {
      seats = place_ranks(names, spec.placement);
    } catch (const BadPlatform& error) {
      throw BadPlatform(fmt::format("{}: {}", source, error.what()));
    }
    const std::vector<int> node_of_host = nodes_of_hosts();
    std::map<int, int> numbers;  // nodes that hold a rank, renumbered
    bool in_order = seats.size() == hosts.size();
    for (const Seat& seat : seats) {
      const int node = node_of_host[static_cast<std::size_t>(seat.host)];
      in_order = in_order && seat.host == static_cast<int>(ranks.size());
      ranks.push_back(
          {.host = seat.host,
           .slot = seat.slot,
           .node = numbers.emplace(node, static_cast<int>(numbers.size())).first->second});
    }
    nodes = static_cast<int>(numbers.size());
    states_nodes = !topology_.hosts[static_cast<std::size_t>(place_of(0).host)].node.empty();
    if (in_order) grid = topology_.grid;
  }

  std::vector<int> nodes_of_hosts() const {
    const auto named = [](const TopologyHost& host) { return !host.node.empty(); };
    if (std::ranges::none_of(topology_.hosts, named))
      return leaf_switch_groups(static_cast<int>(hosts.size()), [this](int from, int to) {
        return from == to ? 1 : topology_.route(from, to).size();
      });
    std::map<std::string, int> numbers;
    std::vector<int> all;
    for (const TopologyHost& host : topology_.hosts)
      all.push_back(numbers
                        .emplace(named(host) ? "node " + host.node : "host " + host.name,
                                 static_cast<int>(numbers.size()))
                        .first->second);
    return all;
  }

  Topology topology_;
  int loopback_ = 0;
};

}  // namespace

std::unique_ptr<PlacedPlatform> place_own(const PlatformSpec& spec,
                                          const std::vector<std::string>& cfg) {
  auto own = own_topology(spec);
  EXPECTS(own, "a generator or a GPU cluster");
  return std::make_unique<OwnPlatform>(spec, cfg, std::move(*own));
}

}  // namespace troupe::platforms
