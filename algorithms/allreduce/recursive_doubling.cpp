#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/fold.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Recursive doubling allreduce (Thakur, Rabenseifner and Gropp, International Journal of High
/// Performance Computing Applications 19, 2005).
///
///   vectors by the contributions they hold, 4 ranks
///     after distance  start    1     2
///     rank 0            0     01  0123
///     rank 1            1     01  0123
///     rank 2            2     23  0123
///     rank 3            3     23  0123
///
///   n = 2^k: k messages, kM bytes, time k(α+Mβ+Mγ). Else n-2^k ranks are folded:
///   k+1 messages, (k+1)M bytes, time (k+2)(α+Mβ) + (k+1)Mγ
void recursive_doubling_allreduce(Communicator& comm, Slice vector, Op op) {
  const Fold fold{comm, power_of_two_within(comm.size())};
  fold.in(vector, op);
  if (fold.active()) {
    const Scratch incoming{vector, vector.size()};
    for (int distance = 1; distance < fold.core(); distance *= 2) {
      const Rank partner = fold.rank_at(fold.position() ^ distance);
      exchange(comm, tag, vector, partner, incoming.all(), partner);
      compute(comm, Reduce{op, vector, incoming.all()});
    }
  }
  fold.out(vector);
}

}  // namespace troupe::algorithms
