#pragma once
// Networks between numbered ports: their links and which of them a message crosses. What sits at a
// port (a host, a network card of a GPU node) is for others to say.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "platforms/topology.hpp"

namespace troupe::platforms {

/// A cable: each of its two directions has this bandwidth and latency.
struct Cable {
  BytesPerSecond bandwidth{};
  Seconds latency{};
};

/// Adds both directions of a cable to `links`: NAME_UP, at the returned index, and NAME_DOWN after
/// it. `own`: of each direction, see TopologyLink.
int add_cable(std::vector<TopologyLink>& links, const std::string& name, Cable cable,
              bool own = false);

struct Fabric {
  int ports = 0;
  std::vector<TopologyLink> links{};
  std::function<LinkPath(int from, int to)> route{};  ///< from ≠ to
  std::vector<int> grid{};                            ///< as in Topology
};

/// The name of what is plugged into a port; the port's cable is called after it.
using PortName = std::function<std::string(int port)>;

/// One switch. A message crosses the sender's cable up and the receiver's cable down. Links are own
/// in fabrics where that is so of the cable of a port.
Fabric crossbar(int ports, Cable cable, const PortName& name);

/// The shape of a fat tree, level by level from the ports up, as in SimGrid's topo_parameters.
struct FatTreeShape {
  std::vector<int> down;    ///< children of a switch of this level
  std::vector<int> up;      ///< switches of this level above each child
  std::vector<int> cables;  ///< parallel cables between a child and one such switch
};
/// A parallel-ports generalised fat tree under destination-modulo routing (Zahavi, D-Mod-K routing,
/// 2010): shift permutations do not collide. `by_level[l]` are the cables below the switches of
/// level l + 1.
Fabric fat_tree(const FatTreeShape& shape, std::span<const Cable> by_level, const PortName& name);

/// A torus, `dimensions` from the slowest varying to the fastest; routed from the fastest dimension
/// to the slowest, each the shorter way round, ties upwards. Two nodes along a dimension share one
/// cable, not two: 2 × 2 × … is a hypercube under e-cube routing.
Fabric torus(std::span<const int> dimensions, Cable cable, const PortName& name);

/// A k-ary n-fly: radix^stages ports, messages go through all stages in one direction; stage s sets
/// the s-th highest digit of the address. Links: NAME_out, the stages', NAME_in.
Fabric butterfly(int radix, int stages, Cable cable, const PortName& name);

/// The shape of a dragonfly (Kim, Dally, Scott and Abts, 2008).
struct DragonflyShape {
  int groups = 1;
  int routers = 1;  ///< of a group; all pairs of them have a local cable
  int ports = 1;    ///< of a router
  Cable port, local, global;
};
/// Every pair of groups has one global cable, attached round robin to the routers; minimal routing.
Fabric dragonfly(const DragonflyShape& shape, const PortName& name);

}  // namespace troupe::platforms
