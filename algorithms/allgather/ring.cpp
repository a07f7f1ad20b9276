#include "algorithms/allgather/allgather.hpp"
#include "algorithms/in_place.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{5};
}

/// Ring all-gather.
///
///   blocks held, 4 ranks
///     after step   start    0      1      2
///     rank 0        0...   0..3   0.23   0123
///     rank 1        .1..   01..   01.3   0123
///     rank 2        ..2.   .12.   012.   0123
///     rank 3        ...3   ..23   .123   0123
///
///   n-1 messages, M(n-1)/n bytes · time (n-1)(α + ⌈M/n⌉β)
void ring_allgather(Communicator& comm, ConstSlice input, Slice output) {
  const int n = comm.size();
  const Rank me = comm.rank(), right = (me + 1) % n, left = (me + n - 1) % n;
  const Partition block{output, n};
  bring(comm, input, block[me]);
  for (int step = 0; step < n - 1; ++step)
    exchange(comm, tag, block[me - step], right, block[me - step - 1], left);
}

}  // namespace troupe::algorithms
