#pragma once
// The inline generators of a scenario: a kind of network and a few numbers make a whole platform.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "platforms/topology.hpp"

namespace troupe::platforms {

/// The names generate() knows, in the order of the documentation.
std::vector<std::string> generator_kinds();

/// Makes the platform {"kind": …, …}. Every kind takes `bandwidth` and `latency` (of one link),
/// `speed` (FLOP/s of a host, default 1e9), `device` and `memory_bandwidth` (default: none). Every
/// cable is two links, one for each direction. Hosts are called h0, h1, …
///   star       hosts; every host has its own cable to one switch. A message crosses two links,
///   each
///              with half of `latency`, so that a route costs `latency` + bytes / `bandwidth`: the
///              platform the closed forms are exact on.
///   fat_tree   down [m1…mh], up [w1…wh], cables [p1…ph] as in SimGrid; destination-modulo routing
///   torus      dimensions [d1…dk], the last varying fastest; routed by dimension, shortest way
///   hypercube  dimensions k; 2^k hosts, routed from the lowest bit
///   butterfly  radix k, stages n; k^n hosts that send into stage 1 and receive from stage n
///   dragonfly  groups, routers (of a group), hosts (of a router); each pair of routers of a group
///              and each pair of groups has one cable
/// Throws BadPlatform with JSON pointers below `pointer`; `where` is the file, for messages.
Topology generate(const nlohmann::json& generator, const std::string& where,
                  const std::string& pointer = "");

}  // namespace troupe::platforms
