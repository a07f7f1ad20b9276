#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/fold.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Nested butterfly of mixed radix (Zhao and Canny, SIAM Data Mining 2013 and ICPP 2014).
///
///   The ranks that differ in digit j only are a group of stage j and hold the same range. Down:
///   each cuts it into d_j pieces, keeps the piece of its own digit and sends piece t to digit t,
///   one partner after the other. Up: the pieces come back the same way. Sixths of the vector held,
///   radices (3, 2), digits (fast, slow):
///
///     after stage        start    down 0  down 1  up 1   up 0
///     rank 0 = (0, 0)    012345     01      0      01   012345
///     rank 1 = (1, 0)    012345     23      2      23   012345
///     rank 2 = (2, 0)    012345     45      4      45   012345
///     rank 3 = (0, 1)    012345     01      1      01   012345
///     rank 4 = (1, 1)    012345     23      3      23   012345
///     rank 5 = (2, 1)    012345     45      5      45   012345
///
///   2Σ(d-1) messages, 2M(n-1)/n bytes · time 2Σ(d-1)α + 2M(n-1)/n β + M(n-1)/n γ
void butterfly_allreduce(Communicator& comm, Slice vector, Op op, std::span<const int> radices) {
  const MixedRadix digits{radices};
  const Fold fold{comm, digits.ranks()};
  fold.in(vector, op);
  if (fold.active()) {
    const int me = fold.position(), stages = digits.stages();
    const auto partner = [&](int stage, int digit) {
      return fold.rank_at(digits.with_digit(me, stage, digit));
    };
    const Scratch scratch{vector, vector.size()};
    std::vector<Slice> range{vector};   // range[j]: what this rank holds before stage j
    for (int j = 0; j < stages; ++j) {  // down
      const Partition piece{range.back(), digits.radix(j)};
      const int mine = digits.digit(me, j);
      const Slice incoming = scratch.first(piece[mine].size());
      for (int turn = 1; turn < digits.radix(j); ++turn) {
        exchange(comm, tag, piece[mine + turn], partner(j, mine + turn), incoming,
                 partner(j, mine - turn));
        compute(comm, Reduce{op, piece[mine], incoming});
      }
      range.push_back(piece[mine]);
    }
    for (int j = stages - 1; j >= 0; --j) {  // up
      const Partition piece{range[static_cast<std::size_t>(j)], digits.radix(j)};
      const int mine = digits.digit(me, j);
      for (int turn = 1; turn < digits.radix(j); ++turn)
        exchange(comm, tag, piece[mine], partner(j, mine - turn), piece[mine + turn],
                 partner(j, mine + turn));
    }
  }
  fold.out(vector);
}

}  // namespace troupe::algorithms
