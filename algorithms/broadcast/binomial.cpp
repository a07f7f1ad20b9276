#include "algorithms/binomial_tree.hpp"
#include "algorithms/broadcast/broadcast.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{2};
}

/// Binomial broadcast (Thakur, Rabenseifner and Gropp 2005, §3).
///
///   who has the vector, 6 ranks, root 0; the farthest child first
///     after round   start   1   2   3
///     rank 0          *     *   *   *
///     rank 1                        *
///     rank 2                    *   *
///     rank 3                        *
///     rank 4                *   *   *
///     rank 5                        *
///
///   root: ⌈log2 n⌉ messages, ⌈log2 n⌉M bytes · time ⌈log2 n⌉(α+Mβ)
void binomial_broadcast(Communicator& comm, Slice vector, Rank root) {
  const BinomialTree tree{comm.size(), comm.rank(), root};
  if (tree.place != 0) receive(comm, tree.parent(), tag, vector);
  for (int distance = tree.reach / 2; distance > 0; distance /= 2)
    if (tree.has_child(distance)) send(comm, tree.rank_at(tree.place + distance), tag, vector);
}

}  // namespace troupe::algorithms
