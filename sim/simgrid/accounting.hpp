#pragma once
// Who used what for how long: counters of ranks, links and pairs, kept while the simulation runs.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include <simgrid/s4u.hpp>

#include "sim/simulation_result.hpp"

namespace troupe::sim::simgrid_world {

namespace s4u = ::simgrid::s4u;

class Accounting {
 public:
  explicit Accounting(const std::vector<s4u::Host*>& host_of_rank);

  /// A message of `bytes` starts moving. Returns the index of the pair, for finished().
  std::size_t started(Rank from, Rank to, std::size_t bytes, Seconds now);
  void finished(std::size_t index, std::size_t bytes, Seconds now);
  /// It will not arrive.
  void broken_off(std::size_t index, Seconds now);
  void kernel_started(Rank rank, Flops flops, Seconds now);
  void kernel_finished(Rank rank, Seconds now);
  /// A kernel that cost nothing.
  void kernel_elided(Rank rank, Flops flops);
  void ended(Rank rank, Seconds now);
  bool has_ended(Rank rank) const { return ranks_[static_cast<std::size_t>(rank)].has_ended; }

  SimulationResult result() const;
  /// Till now, while the simulation goes on.
  RankUse so_far(Rank rank, Seconds now) const;
  std::vector<LinkUse> links_so_far(Seconds now) const;

 private:
  struct alignas(64) RankState {
    Seconds since{};
    std::uint32_t kernels = 0, transfers = 0;
    bool has_ended = false;
    Rank last_to = any_rank;    // of the last message it sent …
    std::size_t last_pair = 0;  // … and its pair
    RankUse use;
  };
  struct LinkState {
    LinkUse use;
    Seconds since{};
    std::uint32_t flows = 0;
  };
  struct Pair {
    Rank from, to;
    std::uint64_t messages = 0, bytes = 0;
    std::uint32_t first_link = 0, links = 0;  // in route_links_
  };
  std::size_t pair_of(Rank from, Rank to);
  static void advance(RankState& state, Seconds now);

  const std::vector<s4u::Host*>& host_of_rank_;
  std::vector<RankState> ranks_;
  std::vector<LinkState> links_;
  std::unordered_map<const s4u::Link*, std::uint32_t> link_index_;
  std::vector<Pair> pairs_;
  std::unordered_map<std::uint64_t, std::size_t> pair_index_;
  std::vector<std::uint32_t> route_links_;
};

}  // namespace troupe::sim::simgrid_world
