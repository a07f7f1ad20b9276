#include "algorithms/binomial_tree.hpp"
#include "algorithms/blocks.hpp"
#include "algorithms/in_place.hpp"
#include "algorithms/scatter/scatter.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{6};
}

/// Binomial scatter (Chan, Heimlich, Purkayastha and van de Geijn 2007, minimum spanning tree).
///
///   blocks held, 4 ranks, root 0; another root first turns its vector so that its own block is the
///   first
///     after round   start      1      2
///     rank 0         0123    0123   0123
///     rank 1           .       .      1
///     rank 2           .      23     23
///     rank 3           .       .      3
///
///   root: ⌈log2 n⌉ messages, M(n-1)/n bytes · time of n = 2^k: kα + M(n-1)/n β
void binomial_scatter(Communicator& comm, ConstSlice input, Slice output, std::size_t count,
                      Rank root) {
  const BinomialTree tree{comm.size(), comm.rank(), root};
  const int me = tree.place;
  const RotatedBlocks place{count, tree.n, root};
  const Scratch scratch{like_values_of(output),
                        me == 0 && root == 0 ? 0 : place.size(me, tree.end())};
  ConstSlice held = scratch.all();  // the blocks of my subtree
  if (me != 0) {
    receive(comm, tree.parent(), tag, scratch.all());
  } else if (root == 0) {
    held = input;
  } else {
    const std::size_t tail = place.before_wrap(), head = count - tail;
    compute(comm, Copy{scratch.first(tail), input.drop(head)});
    compute(comm, Copy{scratch.all().drop(tail), input.first(head)});
  }
  for (int distance = tree.reach / 2; distance > 0; distance /= 2)
    if (tree.has_child(distance))
      send(comm, tree.rank_at(me + distance), tag,
           held.subslice(place.size(me, me + distance),
                         place.size(me + distance, tree.end_of_child(distance))));
  if (me == 0) bring(comm, ConstPartition{input, tree.n}[root], output);
  else compute(comm, Copy{output, held.first(output.size())});
}

}  // namespace troupe::algorithms
