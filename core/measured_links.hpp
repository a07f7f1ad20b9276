#pragma once
// What messages between ranks were seen to take, as plain values: algorithms/microbenchmarks
// measures it, analysis makes a platform of it.

#include <string>
#include <utility>
#include <vector>

#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe {

/// Of many equal rounds: the median, and the median absolute deviation from it. Neither moves when
/// less than half of the rounds are disturbed.
struct RoundTime {
  Bytes bytes{};  ///< of a message
  Seconds time{}, spread{};
  int rounds = 0;
};

/// One way between two ranks, by size: half of the time there and back.
struct PairTimes {
  Rank a = 0, b = 0;
  std::vector<RoundTime> points;
};

/// From one rank to another.
using Flow = std::pair<Rank, Rank>;

/// Messages under way together.
struct MeetingTimes {
  enum class Kind {
    two_way,   ///< every rank of a ring, of two or more, sends to the next
    incast,    ///< several ranks send to one
    crossing,  ///< ranks send to as many others
    burst      ///< one rank sends several messages to another
  };
  Kind kind = Kind::two_way;
  std::vector<Flow> flows;
  /// From asking for the messages until the last has come; two_way: of one exchange; burst: until
  /// the sender knows that the first has.
  std::vector<RoundTime> points;
};

/// What one rank computes.
struct RankSpeed {
  FlopsPerSecond flops{};          ///< of a product of matrices of float32; 0: took no time
  BytesPerSecond reduced_bytes{};  ///< read and written by a sum of float32; 0: took no time
};

struct MeasuredLinks {
  std::vector<std::string> hosts;  ///< of each rank; ranks on one host have equal names
  /// Of each rank: ranks of a host that compute on one processor have equal names; empty, or empty
  /// names: nobody has said.
  std::vector<std::string> processors{};
  std::vector<RankSpeed> speeds;  ///< of each rank
  /// Of ranks that share a processor, while all of them compute; the first is rank 0. Empty where
  /// it has its own.
  std::vector<RankSpeed> together{};
  std::vector<PairTimes> pairs;
  std::vector<MeetingTimes> meetings;
};

}  // namespace troupe
