#pragma once
// All-gather: every rank ends with all blocks. `input` is this rank's block and may be that block
// of `output`, which takes the whole. Any number of ranks, any length.

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

}  // namespace troupe::algorithms
