#pragma once
// The shape of a network, told from its routes. SimGrid keeps routes, not switches: two links that
// follow one another on a route must meet somewhere, and that somewhere is a switch.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::platforms {

/// A cable between two vertices. Vertices below the number of hosts are hosts, the others switches
/// (or a link that everything passes in both directions: a bus).
struct GraphEdge {
  int from = 0, to = 0;
  std::string link;      ///< without _UP and _DOWN; empty for the line between a host and a bus
  bool one_way = false;  ///< only ever crossed from `from` to `to`
  bool operator==(const GraphEdge&) const = default;
};

struct PlatformGraph {
  int hosts = 0;
  int vertices = 0;
  std::vector<GraphEdge> edges;
  std::vector<std::string>
      buses;  ///< names of those vertices that are links, or ""; from `hosts` on
};

/// A route between two hosts, by index, with the names of its links.
struct NamedRoute {
  int from = 0, to = 0;
  std::vector<std::string> links;
};

/// The graph on which all `routes` are paths. The more routes, the more switches are recognised.
PlatformGraph graph_of(int hosts, std::span<const NamedRoute> routes);

}  // namespace troupe::platforms
