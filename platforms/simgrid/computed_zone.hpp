#pragma once
// A network zone whose routes are computed when they are asked for: a topology of n hosts costs its
// links, not n² routes, and the routing is ours to test. XML cannot name it.

#include <simgrid/s4u.hpp>
#include <vector>

#include "platforms/topology.hpp"

namespace troupe::platforms {

/// In the topology's order.
struct BuiltZone {
  std::vector<simgrid::s4u::Host*> hosts;
  std::vector<simgrid::s4u::Link*> links;
};

/// Builds `topology` as the whole platform of the running engine: hosts in order, their properties
/// (`node`, `device`, `memory_bandwidth`), links. A host reaches itself over a FATPIPE link of the
/// engine's network/loopback-bw and network/loopback-lat.
BuiltZone build_zone(const Topology& topology);

}  // namespace troupe::platforms
