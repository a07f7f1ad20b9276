#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/allreduce/ring_place.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Ring allreduce (Patarasuk and Yuan, Journal of Parallel and Distributed Computing 69, 2009).
///
///   n-1 steps of reduce-scatter: rank i sends block i-step to its right neighbour; block b is
///   passed on and added to until it is whole at rank b-1. Then n-1 steps of all-gather: rank i
///   sends block i+1-step. Block 0 on a ring of 5, by the contributions it holds (* = all):
///
///     after step   start    0     1     2     3     4     5     6     7
///     rank 0         0      0     0     0     0     *     *     *     *
///     rank 1         1     01    01    01    01    01     *     *     *
///     rank 2         2      2   012   012   012   012   012     *     *
///     rank 3         3      3     3  0123  0123  0123  0123  0123     *
///     rank 4         4      4     4     4     *     *     *     *     *
///
///   messages 2(n-1) · bytes 2M(n-1)/n · time 2(n-1)(α + ⌈M/n⌉β) + (n-1)⌈M/n⌉γ
void ring_allreduce(Communicator& comm, Slice vector, Op op, RingPlace ring) {
  const int n = comm.size(), me = ring.position;
  const Partition block{vector, n};
  const Scratch scratch{vector, block.largest()};
  Slice leaving = block[me];
  for (int step = 0; step < n - 1; ++step) {  // reduce-scatter
    const Slice mine = block[me - step - 1], incoming = scratch.first(mine.size());
    exchange(comm, tag, leaving, ring.right, incoming, ring.left);
    compute(comm, Reduce{op, mine, incoming});
    leaving = mine;
  }
  for (int step = 0; step < n - 1; ++step) {  // all-gather
    const Slice incoming = block[me - step];
    exchange(comm, tag, leaving, ring.right, incoming, ring.left);
    leaving = incoming;
  }
}

void ring_allreduce(Communicator& comm, Slice vector, Op op) {
  const int n = comm.size();
  const Rank me = comm.rank();
  ring_allreduce(comm, vector, op,
                 {.position = me, .left = (me + n - 1) % n, .right = (me + 1) % n});
}

}  // namespace troupe::algorithms
