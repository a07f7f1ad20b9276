#include "platforms/generators.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "platforms/fabric.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::platforms {
namespace {

constexpr int most_hosts = 1 << 20;

std::string host_name(int host) { return fmt::format("h{}", host); }

Cable cable_of(const JsonReader& value, const std::string& prefix = "") {
  const std::string bandwidth = prefix + "bandwidth", latency = prefix + "latency";
  return {.bandwidth = value[value.has(bandwidth) ? bandwidth : "bandwidth"].bandwidth(),
          .latency = value[value.has(latency) ? latency : "latency"].time()};
}

/// The number of hosts, before anything of that size is made.
void expect_hosts(const JsonReader& value, const std::vector<int>& factors) {
  double hosts = 1;
  for (const int factor : factors) hosts *= factor;
  if (hosts < 1 || hosts > most_hosts)
    value.fail(fmt::format("sizes whose product, the number of hosts, is at most {}", most_hosts));
}

Fabric make_star(const JsonReader& value) {
  value.expect_keys(
      {"kind", "hosts", "bandwidth", "latency", "speed", "device", "memory_bandwidth", "loggp"});
  Cable cable = cable_of(value);
  cable.latency /= 2;
  return crossbar(value["hosts"].integer(1, most_hosts), cable, host_name);
}

Fabric make_fat_tree(const JsonReader& value) {
  value.expect_keys({"kind", "down", "up", "cables", "bandwidth", "latency", "speed", "device",
                     "memory_bandwidth", "loggp"});
  FatTreeShape shape{.down = value["down"].integers(1), .up = {}, .cables = {}};
  const std::size_t levels = shape.down.size();
  shape.up = value.has("up") ? value["up"].integers(1) : std::vector<int>(levels, 1);
  shape.cables = value.has("cables") ? value["cables"].integers(1) : std::vector<int>(levels, 1);
  if (shape.up.size() != levels) value["up"].fail(fmt::format("{} levels, as in \"down\"", levels));
  if (shape.cables.size() != levels)
    value["cables"].fail(fmt::format("{} levels, as in \"down\"", levels));
  expect_hosts(value, shape.down);
  return fat_tree(shape, std::vector<Cable>(levels, cable_of(value)), host_name);
}

Fabric make_torus(const JsonReader& value) {
  value.expect_keys({"kind", "dimensions", "bandwidth", "latency", "speed", "device",
                     "memory_bandwidth", "loggp"});
  const std::vector<int> dimensions = value["dimensions"].integers(1);
  expect_hosts(value["dimensions"], dimensions);
  return torus(dimensions, cable_of(value), host_name);
}

Fabric make_hypercube(const JsonReader& value) {
  value.expect_keys({"kind", "dimensions", "bandwidth", "latency", "speed", "device",
                     "memory_bandwidth", "loggp"});
  const std::vector<int> sides(static_cast<std::size_t>(value["dimensions"].integer(0, 20)), 2);
  Fabric fabric = torus(sides, cable_of(value), host_name);
  fabric.grid.clear();
  return fabric;
}

Fabric make_butterfly(const JsonReader& value) {
  value.expect_keys({"kind", "radix", "stages", "bandwidth", "latency", "speed", "device",
                     "memory_bandwidth", "loggp"});
  const int radix = value["radix"].integer(2), stages = value["stages"].integer(1, 20);
  expect_hosts(value, std::vector<int>(static_cast<std::size_t>(stages), radix));
  return butterfly(radix, stages, cable_of(value), host_name);
}

Fabric make_dragonfly(const JsonReader& value) {
  value.expect_keys({"kind", "groups", "routers", "hosts", "bandwidth", "latency",
                     "local_bandwidth", "local_latency", "global_bandwidth", "global_latency",
                     "speed", "device", "memory_bandwidth", "loggp"});
  const DragonflyShape shape{.groups = value["groups"].integer(1),
                             .routers = value["routers"].integer(1),
                             .ports = value["hosts"].integer(1),
                             .port = cable_of(value),
                             .local = cable_of(value, "local_"),
                             .global = cable_of(value, "global_")};
  expect_hosts(value, {shape.groups, shape.routers, shape.ports});
  return dragonfly(shape, host_name);
}

struct Kind {
  const char* name;
  Fabric (*make)(const JsonReader&);
};
constexpr Kind kinds[] = {{"star", make_star},           {"fat_tree", make_fat_tree},
                          {"torus", make_torus},         {"hypercube", make_hypercube},
                          {"butterfly", make_butterfly}, {"dragonfly", make_dragonfly}};

}  // namespace

std::vector<std::string> generator_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.emplace_back(kind.name);
  return names;
}

Topology generate(const nlohmann::json& generator, const std::string& where,
                  const std::string& pointer) {
  const JsonReader value{generator, where, pointer};
  const std::string name =
      value["kind"].one_of({"star", "fat_tree", "torus", "hypercube", "butterfly", "dragonfly"});
  Fabric fabric;
  for (const Kind& kind : kinds)
    if (name == kind.name) fabric = kind.make(value);

  TopologyHost host{.name = {}, .speed = {1e9}, .node = {}, .device = {}, .memory_bandwidth = {}};
  if (value.has("speed")) host.speed = value["speed"].speed();
  if (value.has("device")) host.device = value["device"].text();
  if (value.has("memory_bandwidth")) host.memory_bandwidth = value["memory_bandwidth"].bandwidth();
  Topology topology{.hosts = {},
                    .links = std::move(fabric.links),
                    .route = std::move(fabric.route),
                    .grid = std::move(fabric.grid)};
  if (value.has("loggp")) topology.message_costs = read_message_costs(value["loggp"]);
  for (int i = 0; i < fabric.ports; ++i) {
    host.name = host_name(i);
    topology.hosts.push_back(host);
  }
  return topology;
}

}  // namespace troupe::platforms
