#pragma once
// Map and reduce over ranks, as Spark and its like offer it: tasks on all ranks, a driver on rank
// 0, and the three ways in which values pass between them. No scheduler and no files: every rank
// has its own shard and one task at a time.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The rank that sees reduced values and decides.
inline constexpr Rank driver = 0;

/// Sums what every task mapped its shard to, up a binomial tree (treeReduce): on the driver `sum`
/// ends with the sum over all ranks, elsewhere with that of a subtree.
///   at most 1 message and M bytes a rank · ⌈log2 P⌉(α+Mβ+Mγ)
void tree_reduce(Communicator& comm, Slice sum);

/// A value that the driver has and all tasks may read. Each task gets it once, not with each use.
class BroadcastVariable {
 public:
  /// All ranks call it. `storage` has the value on the driver, and receives it elsewhere; whoever
  /// owns it leaves it alone as long as it is read.
  ///   ⌈log2 P⌉ messages from the driver · ⌈log2 P⌉(α+Mβ)
  BroadcastVariable(Communicator& comm, Slice storage);
  ConstSlice value() const { return storage_; }

 private:
  Slice storage_;
};

/// A number that tasks can only add to and only the driver can read.
class Accumulator {
 public:
  /// Costs nothing.
  void add(double amount) { mine_ += amount; }
  /// All ranks call it. The sum over all ranks since the start, on the driver; on others 0.
  ///   a tree_reduce of 8 bytes
  double collect(Communicator& comm) const;

 private:
  double mine_ = 0;
};

}  // namespace troupe::algorithms
