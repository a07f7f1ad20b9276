#include "algorithms/fold.hpp"
#include "algorithms/layout.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{4};
}

/// Recursive-halving reduce-scatter (Thakur, Rabenseifner and Gropp 2005, §4.2.1).
///
///   blocks still being summed, 4 ranks
///     after distance  start     2     1
///     rank 0           0123    01     0
///     rank 1           0123    01     1
///     rank 2           0123    23     2
///     rank 3           0123    23     3
///
///   n = 2^k: k messages, M(n-1)/n bytes · time kα + M(n-1)/n (β+γ). Else n-2^k ranks are folded:
///   they send M first and get their block at the end; time + (α+M(β+γ)) + (α+⌈M/n⌉β)
void halving_reduce_scatter(Communicator& comm, ConstSlice input, Slice output, Op op) {
  const Fold fold{comm, power_of_two_within(comm.size())};
  const Scratch sum{input, input.size()}, scratch{input, input.size()};
  const Partition block{sum.all(), comm.size()};
  compute(comm, Copy{sum.all(), input});
  fold.in(sum.all(), op);
  if (!fold.active()) {
    receive(comm, fold.partner(), tag, output);
    return;
  }
  const auto half = [&](int position, int width) {  // the `width` positions it falls in
    return fold.blocks(block, position / width * width, width);
  };
  for (int distance = fold.core() / 2; distance > 0; distance /= 2) {
    const int other = fold.position() ^ distance;
    const Slice mine = half(fold.position(), distance), incoming = scratch.first(mine.size());
    exchange(comm, tag, half(other, distance), fold.rank_at(other), incoming, fold.rank_at(other));
    compute(comm, Reduce{op, mine, incoming});
  }
  if (fold.partner() != any_rank) send(comm, fold.partner(), tag, block[fold.partner()]);
  compute(comm, Copy{output, block[comm.rank()]});
}

}  // namespace troupe::algorithms
