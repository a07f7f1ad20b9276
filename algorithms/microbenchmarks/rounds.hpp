#pragma once
// How messages are timed: in rounds, of which the first ones only warm up, until there are enough
// for a median that can be trusted.

#include <functional>
#include <optional>
#include <span>

#include "core/communicator.hpp"
#include "core/measured_links.hpp"

namespace troupe::algorithms {

struct RoundChoice {
  int warm_up = 2;                  ///< rounds before those that count; at least 1
  int least = 9, most = 60;         ///< rounds that count
  Seconds enough{0.25};             ///< between `least` and `most`: what they take together
  Seconds longest{3};               ///< a round that takes longer is not repeated, and is left out
  bool phantom = false;             ///< messages without values: for a simulated clock
  Memory* memory = &host_memory();  ///< where messages are
};

/// Plays rounds among `ranks`, of which this is one: all call it with the same ranks in the same
/// order. `round` is one rank's part and returns how long it took; that of ranks.front() counts,
/// who also says how often. Nothing where one takes too long, and for all other ranks.
std::optional<RoundTime> play(Communicator& comm, std::span<const Rank> ranks, Bytes bytes,
                              const RoundChoice& choice, const std::function<Seconds()>& round);

/// The median and the median absolute deviation. EXPECTS at least one time.
RoundTime summary_of(std::vector<Seconds> times, Bytes bytes);

}  // namespace troupe::algorithms
