#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/fold.hpp"
#include "algorithms/in_place.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Cascaded butterfly: no nesting, every stage exchanges full vectors (Zhao and Canny 2014, §3).
///
///   vectors by the contributions they hold, radices (3, 2)
///     after stage        start    0     1
///     rank 0 = (0, 0)      0     012    *
///     rank 1 = (1, 0)      1     012    *
///     rank 2 = (2, 0)      2     012    *
///     rank 3 = (0, 1)      3     345    *
///     rank 4 = (1, 1)      4     345    *
///     rank 5 = (2, 1)      5     345    *
///
///   The vectors of a group are reduced in the order of their digits, so that all of the group get
///   the same bits; this needs room for d-1 of them.
///   Σ(d-1) messages, Σ(d-1)M bytes · time Σ(d-1)(α+Mβ+Mγ); all radices 2: recursive doubling
void butterfly_full_vector_allreduce(Communicator& comm, Slice vector, Op op,
                                     std::span<const int> radices) {
  const MixedRadix digits{radices};
  const Fold fold{comm, digits.ranks()};
  fold.in(vector, op);
  for (int j = 0; fold.active() && j < digits.stages(); ++j) {
    const int me = fold.position(), mine = digits.digit(me, j), radix = digits.radix(j);
    const auto partner = [&](int digit) { return fold.rank_at(digits.with_digit(me, j, digit)); };
    const std::size_t count = vector.size();
    const Scratch scratch{vector, count * static_cast<std::size_t>(radix - 1)};
    const auto vector_of = [&](int digit) {
      const int slot = (digit - mine - 1 + radix) % radix;  // radix-1 is this rank's own
      return slot == radix - 1
                 ? vector
                 : scratch.all().subslice(count * static_cast<std::size_t>(slot), count);
    };
    for (int turn = 1; turn < radix; ++turn)
      exchange(comm, tag, vector, partner(mine + turn), vector_of((mine - turn + radix) % radix),
               partner(mine - turn));
    for (int digit = 1; digit < radix; ++digit)
      compute(comm, Reduce{op, vector_of(0), vector_of(digit)});
    if (mine != 0) compute(comm, Copy{vector, vector_of(0)});
  }
  fold.out(vector);
}

}  // namespace troupe::algorithms
