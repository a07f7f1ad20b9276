#include "algorithms/binomial_tree.hpp"
#include "algorithms/broadcast/broadcast.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{2};
}

/// Scatter-allgather broadcast (van de Geijn; Barnett, Gupta, Payne, Shuler, van de Geijn and Watts
/// 1994). Places count from the root.
///
///   blocks held, 4 places
///     after          start    scatter 1  scatter 2   ring 1   ring 2   ring 3
///     place 0         0123      0123       0123       0123     0123     0123
///     place 1           .         .        .1..       01..     01.3     0123
///     place 2           .       ..23       ..23       .123     0123     0123
///     place 3           .         .        ...3       ..23     .123     0123
///
///   root: ⌈log2 n⌉+n-1 messages · time ⌈log2 n⌉α + (M-⌈M/n⌉)β + (n-1)(α + ⌈M/n⌉β)
void scatter_allgather_broadcast(Communicator& comm, Slice vector, Rank root) {
  const BinomialTree tree{comm.size(), comm.rank(), root};
  const int n = tree.n, me = tree.place;
  const Partition block{vector, n};
  if (me != 0) receive(comm, tree.parent(), tag, block.range(me, tree.end()));
  for (int distance = tree.reach / 2; distance > 0; distance /= 2)
    if (tree.has_child(distance))
      send(comm, tree.rank_at(me + distance), tag,
           block.range(me + distance, tree.end_of_child(distance)));
  const Rank right = tree.rank_at(me + 1), left = tree.rank_at(me + n - 1);
  for (int step = 0; step < n - 1; ++step)
    exchange(comm, tag, block[me - step], right, block[me - step - 1], left);
}

}  // namespace troupe::algorithms
