#include "algorithms/blocks.hpp"
#include "algorithms/in_place.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{4};
}

/// Ring reduce-scatter (Patarasuk and Yuan 2009): sums travel, vectors stay as they were.
///
///   what leaves each rank in each step, 4 ranks: block, and the contributions it holds
///     step         0         1          2       | rank ends with
///     rank 0      3:0      2:03       1:023     | 0 (of 123, and its own)
///     rank 1      0:1      3:01       2:013     | 1
///     rank 2      1:2      0:12       3:012     | 2
///     rank 3      2:3      1:23       0:123     | 3
///
///   n-1 messages, M(n-1)/n bytes · time (n-1)(α + ⌈M/n⌉(β+γ))
void ring_reduce_scatter(Communicator& comm, ConstSlice input, Slice output, Op op) {
  const int n = comm.size();
  const Rank me = comm.rank(), right = (me + 1) % n, left = (me + n - 1) % n;
  const ConstPartition block{input, n};
  const Scratch first{input, block.largest()}, second{input, block.largest()};
  bring(comm, block[me], output);
  ConstSlice leaving = block[me - 1];
  for (int step = 0; step < n - 1; ++step) {
    const ConstSlice mine = block[me - step - 2];
    const Slice sum = (step % 2 == 0 ? first : second).first(mine.size());
    exchange(comm, tag, leaving, right, sum, left);
    if (step < n - 2) compute(comm, Reduce{op, sum, mine});
    else compute(comm, Reduce{op, output, sum});
    leaving = sum;
  }
}

}  // namespace troupe::algorithms
