#pragma once
// Reduce-scatter: rank i ends with block i of the reduction of all vectors. `input` is the whole
// vector and is left as it was; `output` is block i, and may be that block of the input. Any number
// of ranks, any length.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Around a ring (Patarasuk and Yuan 2009).
///   n-1 messages, M(n-1)/n bytes · (n-1)α + M(n-1)/n (β+γ)
void ring_reduce_scatter(Communicator& comm, ConstSlice input, Slice output, Op op);

/// By recursive halving (Thakur, Rabenseifner and Gropp 2005, §4.2.1); folded where n is no power
/// of two.
///   n = 2^k: k messages, M(n-1)/n bytes · kα + M(n-1)/n (β+γ)
void halving_reduce_scatter(Communicator& comm, ConstSlice input, Slice output, Op op);

}  // namespace troupe::algorithms
