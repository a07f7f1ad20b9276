#pragma once
// All-gather: every rank ends with all blocks. `input` is this rank's block and may be that block
// of `output`, which takes the whole. Any number of ranks, any length.

#include <span>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Around a ring.
///   n-1 messages, M(n-1)/n bytes · (n-1)α + M(n-1)/n β
void ring_allgather(Communicator& comm, ConstSlice input, Slice output);

/// By recursive doubling (Thakur, Rabenseifner and Gropp 2005, §3.1); folded where n is no power of
/// two.
///   n = 2^k: k messages, M(n-1)/n bytes · kα + M(n-1)/n β
void doubling_allgather(Communicator& comm, ConstSlice input, Slice output);

/// Bruck et al. 1997: the least rounds for every n.
///   ⌈log2 n⌉ messages, M(n-1)/n bytes · ⌈log2 n⌉α + M(n-1)/n β
void bruck_allgather(Communicator& comm, ConstSlice input, Slice output);

/// Around a ring, blocks of any sizes: counts[r] values of rank r, in the order of the ranks.
///   n-1 messages, M less the block of the right neighbour
void ring_allgather_v(Communicator& comm, ConstSlice input, Slice output,
                      std::span<const std::size_t> counts);

}  // namespace troupe::algorithms
