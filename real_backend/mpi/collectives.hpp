#pragma once
// MPI's own collectives, as baselines: one call of MPI each, of all ranks of the job. They are no
// part of the port, and no algorithm is made of them. mpi.h is not needed to use it.

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "core/kernel.hpp"
#include "core/slice.hpp"
#include "core/tag.hpp"

namespace troupe::mpi {

/// What each rank has of a buffer, in values and in order of rank, as MPI counts: with an int.
class Blocks {
 public:
  /// EXPECTS that MPI can count all of them.
  explicit Blocks(const std::vector<std::size_t>& sizes);
  bool equal() const noexcept { return equal_; }
  const int* counts() const noexcept { return counts_.data(); }
  const int* offsets() const noexcept { return offsets_.data(); }

 private:
  std::vector<int> counts_, offsets_;
  bool equal_ = true;
};

/// Every rank makes it, and every call, together with all others, inside World::run or outside.
/// Calls block, and what this rank sends and receives otherwise waits meanwhile. Slices are where
/// MPI can reach them, and do not overlap but where input and output are the same (allreduce, the
/// root of a reduce). Values that a rank has no part in are empty slices. Calls EXPECT no more
/// values than an int counts, and throw BackendError with the call's name and MPI's own words.
class Collectives {
 public:
  /// While there is a World.
  Collectives();
  Collectives(const Collectives&) = delete;
  Collectives& operator=(const Collectives&) = delete;
  ~Collectives();

  Rank rank() const noexcept { return rank_; }
  void allreduce(ConstSlice input, Slice output, Op op);
  void reduce(ConstSlice input, Slice output, Op op, Rank root);
  void broadcast(Slice values, Rank root);
  // Where all blocks are equal, the call that takes one size, else the one that takes a list.
  void reduce_scatter(ConstSlice input, Slice output, Op op, const Blocks& blocks);
  void allgather(ConstSlice input, Slice output, const Blocks& blocks);
  void gather(ConstSlice input, Slice output, const Blocks& blocks, Rank root);
  void scatter(ConstSlice input, Slice output, const Blocks& blocks, Rank root);
  void all_to_all(ConstSlice input, Slice output, const Blocks& sent, const Blocks& received);
  /// With lists, also where blocks are equal.
  void all_to_all_v(ConstSlice input, Slice output, const Blocks& sent, const Blocks& received);
  void barrier();

 private:
  const void* readable(ConstSlice values) const;
  void* writable(Slice values);

  struct Comm;
  std::unique_ptr<Comm> comm_;
  Rank rank_ = 0;
  std::array<std::byte, 2> nothing_{};  // MPI wants two addresses of buffers without values
};

}  // namespace troupe::mpi
