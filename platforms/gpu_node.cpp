#include "platforms/gpu_node.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::platforms {
namespace {

TopologyLink both_ways_of(const std::string& name, BytesPerSecond together) {
  return {.name = name + "_BOTH", .bandwidth = together, .latency = {}, .own = false};
}

/// As a crossbar, plus a way up and down for each switch of `per_switch` GPUs.
Fabric pcie(int gpus, int per_switch, Cable port, Cable root) {
  Fabric ports = crossbar(gpus, port, [](int gpu) { return fmt::format("gpu{}-pcie", gpu); });
  const Fabric switches = crossbar((gpus + per_switch - 1) / per_switch, root,
                                   [](int number) { return fmt::format("pcie{}", number); });
  const int first = static_cast<int>(ports.links.size());
  for (TopologyLink link : switches.links) {
    link.own = false;  // GPUs share them
    ports.links.push_back(std::move(link));
  }
  ports.route = [=](int from, int to) {
    const int source = from / per_switch, destination = to / per_switch;
    if (source == destination) return LinkPath{2 * from, 2 * to + 1};
    return LinkPath{2 * from, first + 2 * source, first + 2 * destination + 1, 2 * to + 1};
  };
  return ports;
}

/// Every message crosses it, between its ports.
void add_backbone(Fabric& ports, BytesPerSecond bandwidth) {
  const int backbone = static_cast<int>(ports.links.size());
  ports.links.push_back({.name = "backbone", .bandwidth = bandwidth, .latency = {}, .own = false});
  ports.route = [backbone, inner = std::move(ports.route)](int from, int to) {
    LinkPath path = inner(from, to);
    path.insert(path.begin() + static_cast<std::ptrdiff_t>(path.size() / 2), backbone);
    return path;
  };
}

Fabric all_pairs(int gpus, Cable cable, const BothWays& together) {
  Fabric pairs{.ports = gpus};
  std::vector<int> forward(static_cast<std::size_t>(gpus * gpus), -1);  // of the lower of two GPUs
  for (int low = 0; low < gpus; ++low)
    for (int high = low + 1; high < gpus; ++high) {
      forward[static_cast<std::size_t>(low * gpus + high)] =
          add_cable(pairs.links, fmt::format("gpu{}-gpu{}", low, high), cable, true);
      if (together)
        pairs.links.push_back(both_ways_of(fmt::format("gpu{}-gpu{}", low, high), *together));
    }
  pairs.route = [gpus, forward = std::move(forward), is_shared = together.has_value()](int from,
                                                                                       int to) {
    const int pair = std::min(from, to) * gpus + std::max(from, to);
    const int up = forward[static_cast<std::size_t>(pair)];
    LinkPath path{up + (from < to ? 0 : 1)};
    if (is_shared) path.push_back(up + 2);
    return path;
  };
  return pairs;
}

}  // namespace

Cable read_cable(const JsonReader& value) {
  return {.bandwidth = value["bandwidth"].bandwidth(), .latency = value["latency"].time()};
}

BothWays read_both_ways(const JsonReader& value) {
  if (!value.has("both_ways")) return {};
  const BytesPerSecond together = value["both_ways"].bandwidth();
  if (together.value < value["bandwidth"].bandwidth().value)
    value["both_ways"].fail("no less than one way carries, its bandwidth");
  return together;
}

void share_both_ways(Fabric& fabric, const BothWays& together, const PortName& name) {
  if (!together) return;
  const int first = static_cast<int>(fabric.links.size());
  for (int port = 0; port < fabric.ports; ++port)
    fabric.links.push_back(both_ways_of(name(port), *together));
  fabric.route = [first, inner = std::move(fabric.route)](int from, int to) {
    LinkPath path = inner(from, to);
    path.insert(path.begin() + 1, first + from);
    path.insert(path.end() - 1, first + to);
    return path;
  };
}

Fabric read_interconnect(const JsonReader& value, int gpus) {
  const std::string kind = value["kind"].one_of({"nvswitch", "nvlink", "pcie"});
  const Cable cable = read_cable(value);
  const BothWays together = read_both_ways(value);
  if (kind == "pcie") {
    value.expect_keys({"kind", "bandwidth", "latency", "gpus_per_switch", "root_bandwidth",
                       "root_latency", "both_ways", "by_size"});
    const int per_switch =
        value.has("gpus_per_switch") ? value["gpus_per_switch"].integer(1, gpus) : gpus;
    Cable root = cable;
    if (value.has("root_bandwidth")) root.bandwidth = value["root_bandwidth"].bandwidth();
    if (value.has("root_latency")) root.latency = value["root_latency"].time();
    Fabric ports = pcie(gpus, per_switch, cable, root);
    share_both_ways(ports, together, [](int gpu) { return fmt::format("gpu{}-pcie", gpu); });
    return ports;
  }
  if (kind == "nvlink") {
    value.expect_keys({"kind", "bandwidth", "latency", "both_ways", "by_size"});
    return all_pairs(gpus, cable, together);
  }
  value.expect_keys({"kind", "bandwidth", "latency", "both_ways", "backbone", "by_size"});
  const PortName name = [](int gpu) { return fmt::format("gpu{}-nvlink", gpu); };
  Fabric ports = crossbar(gpus, cable, name);
  share_both_ways(ports, together, name);
  if (value.has("backbone")) add_backbone(ports, value["backbone"].bandwidth());
  return ports;
}

}  // namespace troupe::platforms
