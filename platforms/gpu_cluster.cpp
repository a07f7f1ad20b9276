#include "platforms/gpu_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "platforms/device_profiles.hpp"
#include "platforms/fabric.hpp"
#include "platforms/gpu_node.hpp"
#include "platforms/json_reader.hpp"
#include "platforms/other_files.hpp"

namespace troupe::platforms {
namespace {

constexpr int most_gpus = 1 << 20;

/// [{"above": 4096, "latency": 2, "bandwidth": 0.9}, …]: messages larger than that, up to the next.
FactorsBySize read_by_size(const JsonReader& value) {
  FactorsBySize factors;
  double before = -1;
  for (const JsonReader& step : value.elements(1)) {
    step.expect_keys({"above", "latency", "bandwidth"});
    const auto above = static_cast<double>(step["above"].bytes().value);
    if (above <= before) step["above"].fail("sizes that grow");
    before = above;
    factors.latency.steps.push_back({above, step["latency"].number(0)});
    factors.bandwidth.steps.push_back({above, step["bandwidth"].number(0, true)});
  }
  return factors;
}

struct Cards {
  int nodes = 1;
  int per_node = 1;
  Cable cable;
  BothWays together{};

  int count() const { return nodes * per_node; }
  std::string name(int node, int card) const { return fmt::format("node{}-nic{}", node, card); }
};

/// `count` things in groups of `size`, or a complaint at `value`.
int divided(const JsonReader& value, int count, int size, std::string_view things) {
  if (count % size != 0) value.fail(fmt::format("a divisor of the {} {}", count, things));
  return count / size;
}

Cable read_fabric_cable(const JsonReader& value, const Cards& cards) {
  return {
      .bandwidth = value.has("bandwidth") ? value["bandwidth"].bandwidth() : cards.cable.bandwidth,
      .latency = value["latency"].time()};
}

/// Ports in order of node, then of card.
PortName by_node(const Cards& cards) {
  return [cards](int port) { return cards.name(port / cards.per_node, port % cards.per_node); };
}

Fabric make_fat_tree(const JsonReader& value, const Cards& cards) {
  value.expect_keys({"kind", "bandwidth", "latency", "ports_per_leaf", "spines", "cables"});
  const int below = value["ports_per_leaf"].integer(1);
  const int leaves = divided(value["ports_per_leaf"], cards.count(), below, "network cards");
  const FatTreeShape shape{.down = {below, leaves},
                           .up = {1, value["spines"].integer(1)},
                           .cables = {1, value.has("cables") ? value["cables"].integer(1) : 1}};
  return fat_tree(shape, std::vector{cards.cable, read_fabric_cable(value, cards)}, by_node(cards));
}

/// A fat tree whose leaves take the cards of one number from several nodes.
Fabric make_rails(const JsonReader& value, const Cards& cards) {
  value.expect_keys({"kind", "bandwidth", "latency", "nodes_per_rail", "spines", "cables"});
  const int together = value["nodes_per_rail"].integer(1);
  const int pods = divided(value["nodes_per_rail"], cards.nodes, together, "nodes");
  const FatTreeShape shape{.down = {together, pods * cards.per_node},
                           .up = {1, value["spines"].integer(1)},
                           .cables = {1, value.has("cables") ? value["cables"].integer(1) : 1}};
  const auto name = [=](int place) {
    const int leaf = place / together;
    return cards.name(leaf / cards.per_node * together + place % together, leaf % cards.per_node);
  };
  Fabric fabric = fat_tree(shape, std::vector{cards.cable, read_fabric_cable(value, cards)}, name);
  fabric.route = [=, inner = std::move(fabric.route)](int from, int to) {
    const auto place = [=](int port) {  // port: in order of node, then of card
      const int node = port / cards.per_node, card = port % cards.per_node;
      return (node / together * cards.per_node + card) * together + node % together;
    };
    return inner(place(from), place(to));
  };
  return fabric;
}

Fabric make_dragonfly(const JsonReader& value, const Cards& cards) {
  value.expect_keys(
      {"kind", "bandwidth", "latency", "groups", "routers", "global_bandwidth", "global_latency"});
  DragonflyShape shape{.groups = value["groups"].integer(1),
                       .routers = value["routers"].integer(1),
                       .ports = 1,
                       .port = cards.cable,
                       .local = read_fabric_cable(value, cards),
                       .global = read_fabric_cable(value, cards)};
  const int per_group = divided(value["groups"], cards.count(), shape.groups, "network cards");
  shape.ports = divided(value["routers"], per_group, shape.routers, "network cards of a group");
  if (value.has("global_bandwidth")) shape.global.bandwidth = value["global_bandwidth"].bandwidth();
  if (value.has("global_latency")) shape.global.latency = value["global_latency"].time();
  return dragonfly(shape, by_node(cards));
}

Fabric make_torus(const JsonReader& value, const Cards& cards) {
  value.expect_keys({"kind", "dimensions"});
  const std::vector<int> dimensions = value["dimensions"].integers(1);
  double product = 1;
  for (const int size : dimensions) product *= size;
  if (product != cards.count())
    value["dimensions"].fail(
        fmt::format("dimensions whose product is the number of network cards, {}", cards.count()));
  return torus(dimensions, cards.cable, by_node(cards));
}

Cards read_cards(const JsonReader& nics, int nodes, int gpus) {
  nics.expect_keys({"count", "bandwidth", "latency", "both_ways", "by_size"});
  const Cards cards{.nodes = nodes,
                    .per_node = nics["count"].integer(1, gpus),
                    .cable = read_cable(nics),
                    .together = read_both_ways(nics)};
  divided(nics["count"], gpus, cards.per_node, "GPUs of a node");
  return cards;
}

Fabric read_fabric(const JsonReader& value, const Cards& cards) {
  const std::string kind =
      value["kind"].one_of({"crossbar", "fat_tree", "rail_optimised", "dragonfly", "torus"});
  if (kind == "fat_tree") return make_fat_tree(value, cards);
  if (kind == "rail_optimised") return make_rails(value, cards);
  if (kind == "dragonfly") return make_dragonfly(value, cards);
  if (kind == "torus") return make_torus(value, cards);
  value.expect_keys({"kind"});
  return crossbar(cards.count(), cards.cable, by_node(cards));
}

/// What the hosts have in common.
TopologyHost read_gpu(const JsonReader& node) {
  TopologyHost gpu;
  if (node.has("device")) {
    gpu.device = node["device"].text();
    try {
      const DeviceProfile& profile = device_profile(gpu.device);
      const auto rate = profile.rate(Dtype::float32, false);
      gpu.speed = rate ? *rate : *profile.rate(profile.peaks.front().dtype, false);
      gpu.memory_bandwidth = profile.memory_bandwidth;
    } catch (const BadPlatform& error) {
      throw BadPlatform(
          fmt::format("{}: {}: {}", node.file(), node["device"].pointer(), error.what()));
    }
  }
  if (node.has("speed")) gpu.speed = node["speed"].speed();
  if (node.has("memory_bandwidth")) gpu.memory_bandwidth = node["memory_bandwidth"].bandwidth();
  if (gpu.speed.value <= 0) node.fail("one of the keys \"device\" and \"speed\"");
  return gpu;
}

/// Links of all nodes, one node after the other, then those of the fabric; and the ways through
/// both.
class ClusterRoutes {
 public:
  ClusterRoutes(int gpus, const Cards& cards, Fabric inside, std::optional<Cable> host_link,
                Fabric fabric)
      : gpus_{gpus},
        cards_{cards},
        host_link_{host_link},
        inside_{std::move(inside)},
        fabric_{std::move(fabric)},
        inside_links_{static_cast<int>(inside_.links.size())},
        node_links_{inside_links_ + (host_link ? 2 * gpus : 0)},
        first_of_fabric_{node_links_ * cards.nodes} {}

  std::vector<TopologyLink> links() const {
    std::vector<TopologyLink> node = inside_.links;
    if (host_link_)
      for (const TopologyLink& link :
           crossbar(gpus_, *host_link_, [](int g) { return fmt::format("gpu{}-host", g); }).links)
        node.push_back(link);
    std::vector<TopologyLink> all;
    for (int number = 0; number < cards_.nodes; ++number)
      for (TopologyLink link : node) {
        link.name = fmt::format("node{}-{}", number, link.name);
        all.push_back(std::move(link));
      }
    all.insert(all.end(), fabric_.links.begin(), fabric_.links.end());
    return all;
  }

  LinkPath operator()(int from, int to) const {
    const int source = from / gpus_, destination = to / gpus_;
    LinkPath path;
    if (source == destination) {
      path = inside_.route(from % gpus_, to % gpus_);
      for (int& link : path) link += source * node_links_;
      return path;
    }
    if (host_link_) path.push_back(host_link(from));
    for (const int link : fabric_.route(card(from), card(to)))
      path.push_back(first_of_fabric_ + link);
    if (host_link_) path.push_back(host_link(to) + 1);
    return path;
  }

 private:
  int card(int host) const {
    return host / gpus_ * cards_.per_node + host % gpus_ * cards_.per_node / gpus_;
  }
  int host_link(int host) const {
    return host / gpus_ * node_links_ + inside_links_ + 2 * (host % gpus_);
  }

  int gpus_;
  Cards cards_;
  std::optional<Cable> host_link_;
  Fabric inside_, fabric_;
  int inside_links_, node_links_, first_of_fabric_;
};

}  // namespace

Topology gpu_cluster(const nlohmann::json& document, const std::string& file) {
  const JsonReader value{document, file};
  refuse_other_files(value);
  value.expect_keys(
      {"troupe_gpu_cluster", "name", "comment", "eager_limit", "nodes", "node", "fabric", "loggp"});
  value["troupe_gpu_cluster"].integer(1, 1);
  for (const char* text : {"name", "comment"})
    if (value.has(text)) value[text].text();
  const JsonReader node = value["node"];
  node.expect_keys({"gpus", "hosts_per_gpu", "sharing", "device", "speed", "memory_bandwidth",
                    "measured_device", "interconnect", "host_link", "nics"});

  const int nodes = value["nodes"].integer(1, most_gpus);
  const int gpus = node["gpus"].integer(1, most_gpus / nodes);
  const int per_gpu =
      node.has("hosts_per_gpu") ? node["hosts_per_gpu"].integer(1, most_gpus / nodes / gpus) : 1;
  const int hosts = gpus * per_gpu;
  const bool alone = nodes == 1 && !node.has("nics") && !value.has("fabric");
  const Cards cards = alone ? Cards{} : read_cards(node["nics"], nodes, hosts);
  std::optional<Cable> host_link;
  if (node.has("host_link")) {
    node["host_link"].expect_keys({"bandwidth", "latency"});
    host_link = read_cable(node["host_link"]);
  }
  Fabric fabric = alone ? Fabric{} : read_fabric(value["fabric"], cards);
  share_both_ways(fabric, cards.together, by_node(cards));
  if (cards.per_node < hosts)
    for (TopologyLink& link : fabric.links) link.own = false;

  Topology topology;
  if (cards.count() == nodes * hosts) topology.grid = fabric.grid;
  TopologyHost host = read_gpu(node);
  if (node.has("sharing")) host.sharing = node["sharing"].number(1);
  for (int number = 0; number < nodes * hosts; ++number) {
    const int seat = number % hosts;  // ranks take the GPUs of their node in turn
    host.node = fmt::format("node{}", number / hosts);
    host.name = fmt::format("{}-gpu{}", host.node, seat % gpus);
    if (per_gpu > 1) {
      host.processor = host.name;
      host.name += fmt::format("-{}", seat / gpus);
    }
    topology.hosts.push_back(host);
  }
  const bool joined = hosts > 1 || node.has("interconnect");
  Fabric inside = !joined ? Fabric{} : read_interconnect(node["interconnect"], hosts);
  const ClusterRoutes routes{hosts, cards, std::move(inside), host_link, std::move(fabric)};
  topology.links = routes.links();
  topology.route = routes;
  const auto note_sizes = [&](PairClass pair, const char* of) {
    if (!node.has(of) || !node[of].has("by_size")) return;
    if (!topology.by_size) topology.by_size.emplace();
    (*topology.by_size)[static_cast<std::size_t>(pair)] = read_by_size(node[of]["by_size"]);
  };
  note_sizes(PairClass::same_node, "interconnect");
  note_sizes(PairClass::across, "nics");
  if (value.has("loggp")) topology.message_costs = read_message_costs(value["loggp"]);
  return topology;
}

ClusterRuns cluster_runs(const std::string& file) {
  const auto document = read_json_file(file);
  const JsonReader value{document, file};
  ClusterRuns runs;
  if (!value.is_object()) return runs;  // whoever loads the platform complains
  if (value.has("eager_limit")) runs.eager_limit = value["eager_limit"].bytes();
  if (!value.has("node") || !value["node"].is_object()) return runs;
  if (const auto node = value["node"]; node.has("measured_device"))
    runs.measured_device =
        (std::filesystem::path{file}.parent_path() / node["measured_device"].text())
            .lexically_normal()
            .string();
  return runs;
}

}  // namespace troupe::platforms
