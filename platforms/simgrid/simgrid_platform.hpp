#pragma once
// A platform loaded into SimGrid, with a host for every rank. Everything that needs a
// simgrid::s4u::Host or Link starts here; what can be said without them is in platforms/facts.hpp
// and platforms/summary.hpp.

#include <functional>
#include <optional>
#include <simgrid/s4u.hpp>
#include <span>
#include <string>
#include <vector>

#include "platforms/facts.hpp"
#include "platforms/message_costs.hpp"
#include "platforms/specification.hpp"
#include "platforms/topology.hpp"

namespace troupe::platforms {

/// Where a rank lives.
struct RankPlace {
  simgrid::s4u::Host* host = nullptr;
  int host_index = 0;  ///< of hosts()
  int slot = 0;        ///< which of the ranks of its host, from 0
  int node = 0;        ///< nodes are numbered from 0 in the order of their first rank
};

/// The platform of a process: SimGrid has one engine a process and one platform an engine.
class SimGridPlatform {
 public:
  /// Loads and seals `spec` in `engine`, which must not have a platform yet, and places the ranks.
  ///
  /// Settings, strongest first: `command_line_cfg` (each "name:value", as after --cfg=), the
  /// specification's cfg and factors, the <config> of the file, SimGrid's own defaults. Generators
  /// and GPU clusters stand for a file whose <config> says network/model:CM02,
  /// network/crosstraffic:0 and network/TCP-gamma:0.
  ///
  /// Throws BadPlatform, in one line, for whatever is wrong with file, settings or placement. Where
  /// SimGrid would abort, it does so in a child process (fork) that tries everything first.
  SimGridPlatform(simgrid::s4u::Engine& engine, const PlatformSpec& spec,
                  std::span<const std::string> command_line_cfg = {});

  const PlatformSpec& spec() const { return spec_; }
  /// All hosts in the order the platform declares them (for <cluster>: of its radical).
  std::span<simgrid::s4u::Host* const> hosts() const { return hosts_; }
  /// By index of hosts().
  std::span<const HostFacts> host_facts() const { return facts_; }

  /// By rank; ranks().size() is the number of ranks.
  std::span<const RankPlace> ranks() const { return ranks_; }
  const HostFacts& facts_of(int rank) const;
  int node_count() const { return node_count_; }
  /// The dimensions of a torus on which rank r sits at the r-th place, the last dimension varying
  /// fastest; empty if the platform is none or if the placement or the number of ranks hides it.
  std::span<const int> grid() const { return grid_; }

  const NetworkModel& network() const { return network_; }
  /// What SimGrid has no part for, and the LogGP world charges.
  const CostsByClass& message_costs() const { return message_costs_; }
  /// The links from rank to rank as SimGrid routes them, and what they cost. Both on one host: its
  /// loopback.
  RouteFacts route(int from, int to) const;
  std::vector<simgrid::s4u::Link*> links_between(int from, int to) const;

  /// What a platform that we make ourselves tells SimGrid, for whoever asks millions of times.
  struct OwnWays {
    std::vector<simgrid::s4u::Link*> links;
    /// From a host to another, by index of hosts(): indices of `links`.
    std::function<LinkPath(int from, int to)> route;
  };
  /// Null for a file that SimGrid reads.
  const OwnWays* own_ways() const { return own_ways_ ? &*own_ways_ : nullptr; }

  /// Figures of links or hosts change during a run: what is said of them is how they begin.
  bool changes_with_time() const { return changes_with_time_; }
  /// Speeds of hosts do.
  bool speeds_change() const { return speeds_change_; }

  /// What a person should be told: one line each, meant for stderr.
  std::span<const std::string> notices() const { return notices_; }
  /// 16 hexadecimal digits: the content of the platform and the network model in force.
  const std::string& digest() const { return digest_; }

 private:
  struct Source;
  void load(simgrid::s4u::Engine& engine, const Source& source);
  void place();
  void charge_by_size(const simgrid::s4u::Engine& engine) const;

  PlatformSpec spec_;
  std::vector<simgrid::s4u::Host*> hosts_;
  std::vector<HostFacts> facts_;
  std::optional<OwnWays> own_ways_;
  std::vector<RankPlace> ranks_;
  std::vector<int> grid_;
  int node_count_ = 0;
  bool changes_with_time_ = false, speeds_change_ = false;
  NetworkModel network_;
  CostsByClass message_costs_{};
  std::vector<std::string> notices_;
  std::string digest_;
};

}  // namespace troupe::platforms
