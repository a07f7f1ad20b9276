#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/broadcast/broadcast.hpp"
#include "algorithms/reduce/reduce.hpp"

namespace troupe::algorithms {

/// Binomial tree allreduce: reduce to rank 0, broadcast from rank 0, on the same tree.
///
///   vectors by the contributions they hold (* = all), 4 ranks
///     after round  start    1     2     3     4
///     rank 0         0     01     *     *     *
///     rank 1         1      1     1     1     *
///     rank 2         2     23    23     *     *
///     rank 3         3      3     3     3     *
///
///   root: ⌈log2 n⌉ messages, ⌈log2 n⌉M bytes · time ⌈log2 n⌉(α+Mβ+Mγ) + ⌈log2 n⌉(α+Mβ)
void binomial_allreduce(Communicator& comm, Slice vector, Op op) {
  constexpr Rank root = 0;
  binomial_reduce_in_place(comm, vector, op, root);
  binomial_broadcast(comm, vector, root);
}

}  // namespace troupe::algorithms
