#pragma once
// Chunks of work, and the protocol by which ranks take them from each other.

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "core/communicator.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

/// A piece of a shard.
struct Chunk {
  std::int32_t shard = 0, index = 0;
  bool operator==(const Chunk&) const = default;
};

/// The chunks of a rank: its owner takes the first, thieves the last. Used by two flows of a rank.
class ChunkDeque {
 public:
  void push(const std::vector<Chunk>& chunks);
  /// Takes the first; false if there is none.
  bool pop(Chunk& chunk);
  /// Takes the last half, one at least unless there is none, in their order.
  std::vector<Chunk> steal_half();

 private:
  std::mutex mutex_;
  std::deque<Chunk> chunks_;
};

/// What stealing has cost this rank as a thief.
struct Loot {
  std::int64_t steals = 0;  ///< grants that were not empty
  std::uint64_t bytes = 0;  ///< of requests sent and grants received
};

/// Serves the thieves of a rank from a flow of its own, as long as it lives, and steals for it.
///   a steal: a request of 16 bytes, and a grant of 8 bytes a chunk, or empty
/// All ranks make theirs at the same time.
class Robbery {
 public:
  /// `largest` is how many chunks one rank can have.
  Robbery(Communicator& comm, ChunkDeque& mine, std::size_t largest, std::uint64_t seed);
  Robbery(const Robbery&) = delete;
  Robbery& operator=(const Robbery&) = delete;
  /// Ends the serving where an error has prevented end().
  ~Robbery();

  /// Asks the others in random order until one gives something, which is pushed to this rank's
  /// deque. False if none did: then every chunk is with somebody who will compute it.
  bool steal();
  /// Ends the serving. To be called when no rank steals any more.
  void end();
  const Loot& loot() const { return loot_; }

 private:
  void serve(Communicator& flow);

  Communicator& comm_;
  ChunkDeque& mine_;
  std::size_t largest_;
  SplitMix64 draws_;
  Loot loot_;
  Request serving_;
};

}  // namespace troupe::algorithms
