#include "platforms/fabric.hpp"

#include <fmt/format.h>

#include <numeric>

#include "core/errors.hpp"

namespace troupe::platforms {
namespace {

int product(std::span<const int> factors) {
  return std::accumulate(factors.begin(), factors.end(), 1, std::multiplies{});
}

/// What the routing of a fat tree needs to know; level 0 are the ports.
struct FatTreeRoutes {
  FatTreeShape shape;
  std::vector<int> leaves;       // ports below one switch of each level
  std::vector<int> copies;       // switches of each level above one port
  std::vector<int> first_cable;  // index of the first link between level l and l + 1

  int up(std::size_t level) const { return shape.up[level]; }
  int parallel(std::size_t level) const { return shape.cables[level]; }

  /// The way from level `level` towards `to`: which of the up × cables ports is taken.
  int choice(std::size_t level, int to) const {
    return to / copies[level] % (up(level) * parallel(level));
  }
  /// The UP link of a child of level `level`, above port `below`, in copy `copy` of its subtree.
  int cable(std::size_t level, int below, int copy, int choice) const {
    const int child = below / leaves[level] * copies[level] + copy;
    const int parent = choice % up(level), strand = choice / up(level);
    return first_cable[level] + 2 * ((child * up(level) + parent) * parallel(level) + strand);
  }

  LinkPath operator()(int from, int to) const {
    LinkPath path;
    std::size_t top = 0;
    int copy = 0;
    for (; from / leaves[top] != to / leaves[top]; ++top) {
      path.push_back(cable(top, from, copy, choice(top, to)));
      copy += choice(top, to) % up(top) * copies[top];
    }
    for (std::size_t level = top; level-- > 0;)
      path.push_back(cable(level, to, copy % copies[level], choice(level, to)) + 1);
    return path;
  }
};

struct TorusRoutes {
  std::vector<int> dimensions, stride;
  std::vector<std::vector<int>> upwards;  // [dimension][node]: the UP link to the next node

  int coordinate(int node, std::size_t dimension) const {
    return node / stride[dimension] % dimensions[dimension];
  }
  int moved(int node, std::size_t dimension, int by) const {
    const int size = dimensions[dimension], at = coordinate(node, dimension);
    return node + ((at + by + size) % size - at) * stride[dimension];
  }
  LinkPath operator()(int from, int to) const {
    LinkPath path;
    for (std::size_t d = dimensions.size(); d-- > 0;) {
      const int size = dimensions[d];
      const int ahead = (coordinate(to, d) - coordinate(from, d) + size) % size;
      const bool up = 2 * ahead <= size;
      for (int hops = up ? ahead : size - ahead; hops > 0; --hops) {
        const int next = moved(from, d, up ? 1 : -1);
        const bool single = size == 2;  // one cable serves both ways between two nodes
        const int lower = single ? std::min(from, next) : up ? from : next;
        path.push_back(upwards[d][static_cast<std::size_t>(lower)] + (lower == from ? 0 : 1));
        from = next;
      }
    }
    return path;
  }
};

struct DragonflyRoutes {
  DragonflyShape shape;
  std::vector<int> ports;   // UP link of each port
  std::vector<int> local;   // [group][lower router][higher router]
  std::vector<int> global;  // [lower group][higher group]

  /// The router of `group` that has the cable to `other`.
  int gateway(int group, int other) const {
    return (other < group ? other : other - 1) % shape.routers;
  }
  void cross_group(LinkPath& path, int group, int from, int to) const {
    if (from == to) return;
    const int pair =
        (group * shape.routers + std::min(from, to)) * shape.routers + std::max(from, to);
    path.push_back(local[static_cast<std::size_t>(pair)] + (from < to ? 0 : 1));
  }
  LinkPath operator()(int from, int to) const {
    const int per_group = shape.routers * shape.ports;
    const int source = from / per_group, destination = to / per_group;
    int router = from / shape.ports % shape.routers;
    const int last = to / shape.ports % shape.routers;
    LinkPath path{ports[static_cast<std::size_t>(from)]};
    if (source != destination) {
      cross_group(path, source, router, gateway(source, destination));
      const int pair = std::min(source, destination) * shape.groups + std::max(source, destination);
      path.push_back(global[static_cast<std::size_t>(pair)] + (source < destination ? 0 : 1));
      router = gateway(destination, source);
    }
    cross_group(path, destination, router, last);
    path.push_back(ports[static_cast<std::size_t>(to)] + 1);
    return path;
  }
};

}  // namespace

int add_cable(std::vector<TopologyLink>& links, const std::string& name, Cable cable, bool own) {
  for (const char* direction : {"_UP", "_DOWN"})
    links.push_back({.name = name + direction,
                     .bandwidth = cable.bandwidth,
                     .latency = cable.latency,
                     .own = own});
  return static_cast<int>(links.size()) - 2;
}

Fabric crossbar(int ports, Cable cable, const PortName& name) {
  Fabric fabric{.ports = ports};
  for (int port = 0; port < ports; ++port) add_cable(fabric.links, name(port), cable, true);
  fabric.route = [](int from, int to) { return LinkPath{2 * from, 2 * to + 1}; };
  return fabric;
}

Fabric fat_tree(const FatTreeShape& shape, std::span<const Cable> by_level, const PortName& name) {
  const std::size_t levels = shape.down.size();
  EXPECTS(levels > 0 && shape.up.size() == levels && shape.cables.size() == levels &&
              by_level.size() == levels,
          "a fat tree says the same number of levels everywhere");
  FatTreeRoutes routes{.shape = shape, .leaves = {1}, .copies = {1}, .first_cable = {}};
  for (std::size_t level = 0; level < levels; ++level) {
    routes.leaves.push_back(routes.leaves.back() * shape.down[level]);
    routes.copies.push_back(routes.copies.back() * shape.up[level]);
  }
  Fabric fabric{.ports = routes.leaves.back()};
  for (std::size_t level = 0; level < levels; ++level) {
    routes.first_cable.push_back(static_cast<int>(fabric.links.size()));
    const int children = fabric.ports / routes.leaves[level] * routes.copies[level];
    for (int child = 0; child < children; ++child)
      for (int parent = 0; parent < shape.up[level]; ++parent)
        for (int strand = 0; strand < shape.cables[level]; ++strand) {
          const bool alone = shape.up[level] * shape.cables[level] == 1;
          const std::string below = level == 0 ? name(child) : fmt::format("s{}.{}", level, child);
          add_cable(fabric.links, alone ? below : fmt::format("{}-{}.{}", below, parent, strand),
                    by_level[level], level == 0);
        }
  }
  fabric.route = std::move(routes);
  return fabric;
}

Fabric torus(std::span<const int> dimensions, Cable cable, const PortName& name) {
  TorusRoutes routes{
      .dimensions = {dimensions.begin(), dimensions.end()}, .stride = {}, .upwards = {}};
  Fabric fabric{.ports = product(dimensions), .grid = routes.dimensions};
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    routes.stride.push_back(product(dimensions.subspan(d + 1)));
    auto& upwards = routes.upwards.emplace_back(fabric.ports, -1);
    for (int node = 0; node < fabric.ports; ++node) {
      const bool has_cable =
          dimensions[d] > 2 || (dimensions[d] == 2 && routes.coordinate(node, d) == 0);
      if (has_cable)
        upwards[static_cast<std::size_t>(node)] =
            add_cable(fabric.links, fmt::format("{}-d{}", name(node), d), cable);
    }
  }
  fabric.route = std::move(routes);
  return fabric;
}

Fabric butterfly(int radix, int stages, Cable cable, const PortName& name) {
  int ports = 1;
  for (int stage = 0; stage < stages; ++stage) ports *= radix;
  Fabric fabric{.ports = ports};
  const auto add_stage = [&](const auto& link_name) {
    for (int line = 0; line < ports; ++line)
      fabric.links.push_back(
          {.name = link_name(line), .bandwidth = cable.bandwidth, .latency = cable.latency});
  };
  add_stage([&](int line) { return name(line) + "_out"; });
  for (int stage = 1; stage < stages; ++stage)
    add_stage([&](int line) { return fmt::format("stage{}.{}", stage, line); });
  add_stage([&](int line) { return name(line) + "_in"; });
  fabric.route = [ports, radix, stages](int from, int to) {
    LinkPath path{from};
    int low = ports;  // the weight of the lowest digit that is the receiver's already
    for (int stage = 1; stage <= stages; ++stage) {
      low /= radix;
      path.push_back(stage * ports + to / low * low + from % low);
    }
    return path;
  };
  return fabric;
}

Fabric dragonfly(const DragonflyShape& shape, const PortName& name) {
  const int groups = shape.groups, routers = shape.routers;
  DragonflyRoutes routes{.shape = shape, .ports = {}, .local = {}, .global = {}};
  Fabric fabric{.ports = groups * routers * shape.ports};
  for (int port = 0; port < fabric.ports; ++port)
    routes.ports.push_back(add_cable(fabric.links, name(port), shape.port, true));
  routes.local.assign(static_cast<std::size_t>(groups * routers * routers), -1);
  for (int group = 0; group < groups; ++group)
    for (int low = 0; low < routers; ++low)
      for (int high = low + 1; high < routers; ++high)
        routes.local[static_cast<std::size_t>((group * routers + low) * routers + high)] =
            add_cable(fabric.links, fmt::format("local{}.{}-{}", group, low, high), shape.local);
  routes.global.assign(static_cast<std::size_t>(groups * groups), -1);
  for (int low = 0; low < groups; ++low)
    for (int high = low + 1; high < groups; ++high)
      routes.global[static_cast<std::size_t>(low * groups + high)] =
          add_cable(fabric.links, fmt::format("global{}-{}", low, high), shape.global);
  fabric.route = std::move(routes);
  return fabric;
}

}  // namespace troupe::platforms
