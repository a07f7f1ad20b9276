#include "algorithms/allreduce/allreduce.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Direct allreduce: rank i is the server of block i (the butterfly of a single stage; the
/// reduce-scatter and all-gather "direct" of ASTRA-sim).
///
///   block 0 by the contributions it holds (* = all), 4 ranks
///     after step   start    1     2     3  |  1     2     3
///     rank 0         0     03   023     *  |  *     *     *
///     rank 1         1      1     1     1  |  *     *     *
///     rank 2         2      2     2     2  |  2     *     *
///     rank 3         3      3     3     3  |  3     3     *
///
///   2(n-1) messages, 2M(n-1)/n bytes · time 2(n-1)(α + ⌈M/n⌉β) + (n-1)⌈M/n⌉γ
void direct_allreduce(Communicator& comm, Slice vector, Op op) {
  const int n = comm.size();
  const Rank me = comm.rank();
  const Partition block{vector, n};
  const Scratch incoming{vector, block[me].size()};
  for (int step = 1; step < n; ++step) {  // my share of each block to its server
    exchange(comm, tag, block[me + step], (me + step) % n, incoming.all(), (me + n - step) % n);
    compute(comm, Reduce{op, block[me], incoming.all()});
  }
  for (int step = 1; step < n; ++step)  // my block to everybody
    exchange(comm, tag, block[me], (me + step) % n, block[me - step], (me + n - step) % n);
}

}  // namespace troupe::algorithms
