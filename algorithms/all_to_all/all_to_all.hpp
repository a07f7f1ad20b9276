#pragma once
// All-to-all: rank i ends with block i of every rank, in the order of the ranks. Not in place. Any
// number of ranks, any length.

#include <span>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// `input` in n blocks, block i for rank i; `output` takes n blocks of the size of block[rank].
/// In step k each rank sends to rank+k and receives from rank-k.
///   n-1 messages, M(n-1)/n bytes · (n-1)α + M(n-1)/n β
void pairwise_all_to_all(Communicator& comm, ConstSlice input, Slice output);

/// The same by Bruck et al. 1997: blocks hop by the bits of their distance.
///   ⌈log2 n⌉ messages, about ½⌈log2 n⌉M bytes · n = 2^k: k(α + Mβ/2)
void bruck_all_to_all(Communicator& comm, ConstSlice input, Slice output);

/// Blocks of any sizes: counts[from * n + to] values go from one rank to another (expert
/// parallelism). Pairwise.
///   n-1 messages, Σ counts bytes
void all_to_all_v(Communicator& comm, ConstSlice input, Slice output,
                  std::span<const std::size_t> counts);

}  // namespace troupe::algorithms
