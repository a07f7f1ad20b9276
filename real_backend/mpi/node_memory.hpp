#pragma once
// Host memory that all ranks of a node see: each has a part in which it puts values that the others
// take from there. Between devices of one node they need no copy from host to host that way.

#include <mpi.h>

#include <cstddef>
#include <span>
#include <vector>

#include "core/communicator.hpp"
#include "real_backend/mpi/free_list.hpp"

namespace troupe::mpi {

class NodeMemory {
 public:
  /// Whether this node has so much for each of so many ranks. To be asked before: where it has not,
  /// Open MPI 4.1 leaves all ranks but one waiting.
  static bool fits(int ranks, std::size_t bytes);
  /// `bytes` for each rank of `node`, which are those of one node; `world` has all ranks.
  /// Collective in `node`. Where the node has no such memory nobody has a part.
  NodeMemory(MPI_Comm world, MPI_Comm node, std::size_t bytes);
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;
  /// Collective in the node.
  ~NodeMemory();

  /// The part of a rank of the world; null if that is on another node.
  std::byte* part_of(Rank rank) const { return parts_[static_cast<std::size_t>(rank)]; }
  /// All of them; empty where there is none.
  const std::vector<std::span<std::byte>>& parts() const noexcept { return of_node_; }
  /// This rank's own, and what of it is in use.
  std::byte* own_part() const { return own_part_; }
  FreeList& own() noexcept { return own_; }

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  std::vector<std::byte*> parts_;
  std::vector<std::span<std::byte>> of_node_;
  std::byte* own_part_ = nullptr;
  FreeList own_;
};

}  // namespace troupe::mpi
