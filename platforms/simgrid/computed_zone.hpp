#pragma once
// A network zone whose routes are computed when they are asked for: a topology of n hosts costs its
// links, not n² routes, and the routing is ours to test. XML cannot name it.

#include <simgrid/s4u.hpp>
#include <vector>

#include "platforms/topology.hpp"

namespace troupe::platforms {

/// Builds `topology` as the whole platform of the running engine: hosts in order, their properties
/// (`node`, `device`, `memory_bandwidth`), links. A host reaches itself over a FATPIPE link of the
/// engine's network/loopback-bw and network/loopback-lat. Returns the hosts in order.
std::vector<simgrid::s4u::Host*> build_zone(const Topology& topology);

}  // namespace troupe::platforms
