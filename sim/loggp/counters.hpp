#pragma once
// The sums of what pairs of ranks have counted.

#include <unordered_map>
#include <vector>

#include "sim/loggp/network.hpp"
#include "sim/loggp/pairs.hpp"
#include "sim/simulation_result.hpp"

namespace troupe::sim::loggp {

/// Takes up what the pairs of a sender have counted, before they are forgotten or at the end. With
/// many ranks, the traffic is that of groups of ranks: their squares would not fit.
class Counters {
 public:
  Counters(int ranks, const std::vector<Port>& ports);

  /// How many pairs of one sender are remembered at a time.
  std::size_t most_pairs() const noexcept { return most_pairs_; }
  /// Adds what the pairs of `from` have counted.
  void count(Rank from, const Pairs& pairs, const PairPool& pool);
  /// What has gone through each port, with what `pairs_of(rank)` has counted besides.
  template <class PairsOf>
  std::vector<LinkUse> links(const PairsOf& pairs_of, const PairPool& pool) const {
    std::vector<Sums> through = through_;
    for (Rank rank = 0; rank < static_cast<Rank>(sent_.size()); ++rank)
      pairs_of(rank).for_each(pool, [&](const Pair& pair) { add(pair, through); });
    return links_of(through);
  }
  /// Writes messages, traffic and links into `result`, which has an entry for every rank.
  void write(SimulationResult& result) const;

 private:
  struct Sums {
    std::uint64_t messages = 0, bytes = 0;
    void add(const Pair& pair) noexcept {
      messages += pair.messages;
      bytes += pair.bytes;
    }
  };
  static void add(const Pair& pair, std::vector<Sums>& through) {
    if (pair.out != Route::no_port) through[static_cast<std::size_t>(pair.out)].add(pair);
    if (pair.in != Route::no_port && pair.in != pair.out)
      through[static_cast<std::size_t>(pair.in)].add(pair);
  }
  std::vector<LinkUse> links_of(const std::vector<Sums>& through) const;

  const std::vector<Port>& ports_;
  int group_;  // ranks of one cell of the traffic
  std::size_t most_pairs_;
  std::vector<Sums> sent_, received_;  // by rank
  std::vector<Sums> through_;          // by port
  std::unordered_map<std::uint64_t, Sums> traffic_;
};

}  // namespace troupe::sim::loggp
