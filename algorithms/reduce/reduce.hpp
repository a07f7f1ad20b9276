#pragma once
// Reduce: the root ends with the reduction of all vectors. Any number of ranks, any length, any
// root.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Up a binomial tree. `output` is used on the root only, and may be the same place as `input`.
///   at most 1 message and M bytes a rank · ⌈log2 n⌉(α+Mβ+Mγ)
void binomial_reduce(Communicator& comm, ConstSlice input, Slice output, Op op, Rank root);

/// The same where `vector` is input, output and working memory: on other ranks than the root it
/// ends with the reduction of the rank's subtree.
void binomial_reduce_in_place(Communicator& comm, Slice vector, Op op, Rank root);

}  // namespace troupe::algorithms
