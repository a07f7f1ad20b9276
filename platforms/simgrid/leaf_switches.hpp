#pragma once
// Which hosts are neighbours under one switch, told from the routes alone: SimGrid has no name for
// the switches of a platform.

#include <simgrid/s4u.hpp>
#include <span>
#include <vector>

namespace troupe::platforms {

/// The group of each host, by index; groups are numbered by their first host. Two hosts are of one
/// group when their route has as few links as any route has, provided that this relation divides
/// the hosts into several groups. It does under the leaf switches of a fat tree or the routers of a
/// dragonfly; it does not on a torus (a neighbour's neighbour is none) or under a single switch
/// (one group would say nothing): every host is then its own group.
std::vector<int> leaf_switch_groups(std::span<simgrid::s4u::Host* const> hosts);

}  // namespace troupe::platforms
