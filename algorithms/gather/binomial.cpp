#include "algorithms/binomial_tree.hpp"
#include "algorithms/blocks.hpp"
#include "algorithms/gather/gather.hpp"
#include "algorithms/in_place.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{7};
}

/// Binomial gather (Chan, Heimlich, Purkayastha and van de Geijn 2007, minimum spanning tree).
///
///   blocks held, 4 ranks, root 0; another root collects its own block first and turns the vector
///   into place at the end
///     after round   start    1      2
///     rank 0          0     01    0123
///     rank 1          1      1      1
///     rank 2          2     23     23
///     rank 3          3      3      3
///
///   at most 1 message, M/2 bytes · time of n = 2^k: kα + M(n-1)/n β
void binomial_gather(Communicator& comm, ConstSlice input, Slice output, std::size_t count,
                     Rank root) {
  const BinomialTree tree{comm.size(), comm.rank(), root};
  const int me = tree.place;
  const RotatedBlocks place{count, tree.n, root};
  const bool straight = me == 0 && root == 0;  // what is collected is in place at once
  const Scratch scratch{like_values_of(input), straight ? 0 : place.size(me, tree.end())};
  const Slice held = straight ? output : scratch.all();  // the blocks of my subtree
  if (straight) bring(comm, input, held.first(input.size()));
  else compute(comm, Copy{held.first(input.size()), input});
  for (int distance = 1; distance < tree.reach; distance *= 2)
    if (tree.has_child(distance))
      receive(comm, tree.rank_at(me + distance), tag,
              held.subslice(place.size(me, me + distance),
                            place.size(me + distance, tree.end_of_child(distance))));
  if (me != 0) return send(comm, tree.parent(), tag, held);
  if (straight) return;
  const std::size_t tail = place.before_wrap(), head = count - tail;
  compute(comm, Copy{output.drop(head), held.first(tail)});
  compute(comm, Copy{output.first(head), held.drop(tail)});
}

}  // namespace troupe::algorithms
