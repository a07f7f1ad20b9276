#include "algorithms/allgather/allgather.hpp"
#include "algorithms/fold.hpp"
#include "algorithms/in_place.hpp"
#include "algorithms/layout.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{5};
}

/// Recursive-doubling all-gather (Thakur, Rabenseifner and Gropp 2005, §3.1).
///
///   blocks held, 4 ranks
///     after distance  start     1      2
///     rank 0           0...   01..   0123
///     rank 1           .1..   01..   0123
///     rank 2           ..2.   ..23   0123
///     rank 3           ...3   ..23   0123
///
///   n = 2^k: k messages, M(n-1)/n bytes · time kα + M(n-1)/n β. Else n-2^k ranks are folded: they
///   hand over their block first and get everything at the end; time + (α+⌈M/n⌉β) + (α+Mβ)
void doubling_allgather(Communicator& comm, ConstSlice input, Slice output) {
  const Fold fold{comm, power_of_two_within(comm.size())};
  const Partition block{output, comm.size()};
  bring(comm, input, block[comm.rank()]);
  if (!fold.active()) {
    send(comm, fold.partner(), tag, block[comm.rank()]);
  } else {
    if (fold.partner() != any_rank) receive(comm, fold.partner(), tag, block[fold.partner()]);
    for (int distance = 1; distance < fold.core(); distance *= 2) {
      const int me = fold.position(), other = me ^ distance;
      exchange(comm, tag, fold.blocks(block, me / distance * distance, distance),
               fold.rank_at(other), fold.blocks(block, other / distance * distance, distance),
               fold.rank_at(other));
    }
  }
  fold.out(output);
}

}  // namespace troupe::algorithms
