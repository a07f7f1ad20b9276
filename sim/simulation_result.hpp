#pragma once
// What a simulated run leaves behind, whichever world it ran in.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/standstill.hpp"
#include "core/units.hpp"

namespace troupe::sim {

/// One rank's share. The three times add up to the rank's end: at each moment it computes (a kernel
/// of any of its flows runs), else communicates (a message of its is being transferred), else
/// waits.
struct RankUse {
  std::string host;
  std::uint64_t messages_sent = 0;
  Bytes bytes_sent{};
  std::uint64_t messages_received = 0;
  Bytes bytes_received{};
  std::uint64_t kernels = 0;
  Flops flops{};
  Seconds computing{}, communicating{}, waiting{}, end{};
};

/// One direction of a link (SimGrid's names: _UP and _DOWN of a full-duplex link are two).
struct LinkUse {
  std::string name;
  BytesPerSecond bandwidth{};
  std::uint64_t messages = 0;
  Bytes bytes{};
  Seconds busy{};                ///< time with at least one transfer on it
  std::uint32_t most_flows = 0;  ///< transfers on it at once, at most
};

/// Messages from one rank to another.
struct Traffic {
  Rank from = 0, to = 0;
  std::uint64_t messages = 0;
  Bytes bytes{};
};

struct SimulationResult {
  Seconds end{};  ///< when the last rank ended
  std::vector<RankUse> ranks;
  std::vector<LinkUse> links;    ///< those that carried anything, in the order of first use
  std::vector<Traffic> traffic;  ///< sorted by (from, to)
  std::vector<UnmatchedMessage> unmatched;  ///< sent and never received
};

/// Asked of a simulation that goes on, by a rank at its own present: what has been done till now.
struct SoFar {
  std::function<RankUse(Rank, Seconds now)> rank;  ///< its times; of itself, at its present
  std::function<std::vector<LinkUse>()> links;     ///< what ranks have sent that have come this far
};

}  // namespace troupe::sim
