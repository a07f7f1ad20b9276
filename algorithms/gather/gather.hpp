#pragma once
// Gather: the root ends with the blocks of all ranks. Any number of ranks, any length, any root.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Up a binomial tree. `output` is used on the root only; its `input` may be its block of the
/// output.
///   at most 1 message, half of M · n = 2^k: kα + M(n-1)/n β
void binomial_gather(Communicator& comm, ConstSlice input, Slice output, std::size_t count,
                     Rank root);

}  // namespace troupe::algorithms
