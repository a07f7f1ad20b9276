#pragma once
// Programs of flows, kernels and messages that nobody wrote: drawn from a seed, the same on all
// ranks, and such that what may happen at the same time does not touch the same values. So there
// is one right result, which is computed while drawing, one step after the other, without any
// communicator.

#include <cstdint>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::contract {

/// A rank has blocks of values, each in memory of its own. Flows compute and pass on what is
/// theirs, give values to each other, move blocks to new memory, and look at values.
class RandomProgram {
 public:
  RandomProgram(std::uint64_t seed, int ranks);

  /// Runs it on a rank, with values in `memory`. ContractFailure where a value is not what it must
  /// be, at the end or where the program looks at it before.
  void run(Communicator& comm, Memory& memory) const;

  static constexpr std::size_t blocks = 6, block_size = 8, cells = blocks * block_size;

 private:
  /// Neighbours in one block, counted over all blocks.
  struct Cells {
    std::size_t begin = 0, count = 0;
  };
  /// What is done at once, or started and waited for later.
  struct Action {
    enum class Kind : std::uint8_t { fill, copy, sum, max, add_scratch, pass_on, spawn };
    Kind kind = Kind::fill;
    Cells into{}, from{};   ///< of all but spawned flows; `from` not of a fill
    double value = 0;       ///< of a fill
    int shift = 0;          ///< of what is passed on: this many ranks further
    std::uint32_t tag = 0;  ///< likewise
    std::size_t flow = 0;   ///< of a spawned one: its index in flows_
  };
  struct Step {
    enum class Kind : std::uint8_t { act, start, wait, give, take, put, look, renew };
    Kind kind = Kind::act;
    Action action{};      ///< to act or start
    std::size_t which{};  ///< what is started or waited for, given or taken, by number; the block
                          ///< to move to new memory
    Cells cells{};        ///< to put or look at
    std::vector<std::vector<double>> values{};  ///< of each rank, to put or to see
  };
  using Steps = std::vector<Step>;
  using Values = std::vector<std::vector<double>>;  // of each rank

  class Draw;
  class Player;

  int ranks_;
  std::vector<Steps> flows_;  // the first is the rank's own
  Values first_, last_;
};

}  // namespace troupe::contract
