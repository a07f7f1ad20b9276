#pragma once
// A platform with a rank on every seat, whoever has read it: what a simulated world and closed
// forms ask of it. platforms/simgrid has one that SimGrid has loaded; the other one is made here,
// of what we build ourselves, and knows no simulator.

#include <memory>
#include <string>
#include <vector>

#include "platforms/message_costs.hpp"
#include "platforms/specification.hpp"
#include "platforms/summary.hpp"
#include "platforms/topology.hpp"

namespace troupe::platforms {

/// What a message from one rank to another crosses.
struct Way {
  LinkPath links;     ///< indices of links()
  Seconds latency{};  ///< of all of them, as the platform states it
};

class PlacedPlatform {
 public:
  virtual ~PlacedPlatform() = default;

  std::string name;    ///< for reports: of the file, or of the generator
  std::string source;  ///< for messages: the path, or "star generator"
  std::string digest;
  std::vector<HostFacts> hosts;  ///< in order of declaration
  std::vector<RankFacts> ranks;
  int nodes = 0;              ///< that hold ranks
  bool states_nodes = false;  ///< a host of rank 0's kind says of which node it is
  std::vector<int> grid;      ///< of a torus on which rank r sits at the r-th place
  NetworkModel network;
  std::vector<LinkFacts> links;
  CostsByClass message_costs{};
  bool changes_with_time = false;  ///< figures of links or hosts are those of the beginning ...
  bool speeds_change = false;      ///< ... of hosts
  std::vector<std::string> notices;

  int size() const noexcept { return static_cast<int>(ranks.size()); }
  const RankFacts& place_of(int rank) const { return ranks[static_cast<std::size_t>(rank)]; }
  const HostFacts& host_of(int rank) const {
    return hosts[static_cast<std::size_t>(place_of(rank).host)];
  }
  PairClass class_of(int from, int to) const {
    const auto &a = place_of(from), &b = place_of(to);
    if (a.host == b.host) return PairClass::same_host;
    return a.node == b.node ? PairClass::same_node : PairClass::across;
  }
  /// The links from rank to rank. Both on one host: its loopback, or nothing.
  virtual Way way(int from, int to) const = 0;

  /// The least bandwidth of a way's links, as stated; infinite where there is none.
  BytesPerSecond narrowest(const Way& way) const;
};

/// A topology we make ourselves.
struct OwnTopology {
  std::string content;  ///< what it was made of
  Topology topology;
};
/// Of a generator or a GPU cluster; nothing for a file that SimGrid reads. Throws BadPlatform.
std::optional<OwnTopology> own_topology(const PlatformSpec& spec);

/// Places ranks on a generator's or GPU cluster's hosts without SimGrid, whatever their number.
/// Takes of SimGrid's settings (the specification's and `cfg`, each "name:value") the factors, the
/// loopback, and model CM02 without cross-traffic and window. Throws BadPlatform, also for any
/// other setting.
std::unique_ptr<PlacedPlatform> place_own(const PlatformSpec& spec,
                                          const std::vector<std::string>& cfg);

/// Hosts that are neighbours under one switch, told from the lengths of routes alone: the group of
/// each host, by index; groups are numbered by their first host. Two hosts are of one group when
/// their route has as few links as any route has, provided that this relation divides the hosts
/// into several groups. It does under the leaf switches of a fat tree or the routers of a
/// dragonfly; it does not on a torus (a neighbour's neighbour is none) or under a single switch
/// (one group would say nothing): every host is then its own group.
std::vector<int> leaf_switch_groups(int hosts,
                                    const std::function<std::size_t(int, int)>& links_between);

}  // namespace troupe::platforms
