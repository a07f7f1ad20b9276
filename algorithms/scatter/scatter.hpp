#pragma once
// Scatter: rank i ends with block i of the root's vector. Any number of ranks, any length, any
// root.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Down a binomial tree, which halves what it carries at each level. `input` is used on the root
/// only; its `output` may be its block of the input.
///   root ⌈log2 n⌉ messages, M(n-1)/n bytes · n = 2^k: kα + M(n-1)/n β
void binomial_scatter(Communicator& comm, ConstSlice input, Slice output, std::size_t count,
                      Rank root);

}  // namespace troupe::algorithms
