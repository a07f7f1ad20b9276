#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/fold.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Recursive halving and doubling allreduce (Rabenseifner, International Conference on
/// Computational Science 2004).
///
///   Partners at distance b hold the same 2b blocks: each keeps the half that its bit b points to
///   and sends the other. Then the same way back, the halves joining. Blocks held, 4 ranks:
///
///     after distance  start     2     1  |  1     2
///     rank 0           0123    01     0  | 01  0123
///     rank 1           0123    01     1  | 01  0123
///     rank 2           0123    23     2  | 23  0123
///     rank 3           0123    23     3  | 23  0123
///
///   n = 2^k: 2k messages, 2M(n-1)/n bytes, time 2kα + 2M(n-1)/n β + M(n-1)/n γ.
///   Else n-2^k ranks are folded: one message and M bytes more, time + 2(α+Mβ) + Mγ
void halving_doubling_allreduce(Communicator& comm, Slice vector, Op op) {
  const Fold fold{comm, power_of_two_within(comm.size())};
  fold.in(vector, op);
  if (fold.active()) {
    const Partition block{vector, fold.core()};
    const Scratch scratch{vector, vector.size()};
    const int me = fold.position();
    const auto half = [&](int position, int width) {  // the `width` blocks that position falls in
      const int first = position / width * width;
      return block.range(first, first + width);
    };
    for (int distance = fold.core() / 2; distance > 0; distance /= 2) {  // reduce-scatter
      const int other = me ^ distance;
      const Slice mine = half(me, distance), incoming = scratch.first(mine.size());
      exchange(comm, tag, half(other, distance), fold.rank_at(other), incoming,
               fold.rank_at(other));
      compute(comm, Reduce{op, mine, incoming});
    }
    for (int distance = 1; distance < fold.core(); distance *= 2) {  // all-gather
      const int other = me ^ distance;
      exchange(comm, tag, half(me, distance), fold.rank_at(other), half(other, distance),
               fold.rank_at(other));
    }
  }
  fold.out(vector);
}

}  // namespace troupe::algorithms
