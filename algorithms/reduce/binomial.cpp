#include "algorithms/binomial_tree.hpp"
#include "algorithms/in_place.hpp"
#include "algorithms/reduce/reduce.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{3};
}

/// Binomial reduce (Thakur, Rabenseifner and Gropp 2005, §4).
///
///   vectors by the contributions they hold, 6 ranks, root 0; the nearest child first
///     after round   start    1      2      3
///     rank 0          0     01    0123    all
///     rank 1          1      1      1      1
///     rank 2          2     23     23     23
///     rank 3          3      3      3      3
///     rank 4          4     45     45     45
///     rank 5          5      5      5      5
///
///   at most 1 message, M bytes · time ⌈log2 n⌉(α+Mβ+Mγ)
void binomial_reduce_in_place(Communicator& comm, Slice vector, Op op, Rank root) {
  const BinomialTree tree{comm.size(), comm.rank(), root};
  const Scratch incoming{vector, tree.reach > 1 ? vector.size() : 0};
  for (int distance = 1; distance < tree.reach; distance *= 2)
    if (tree.has_child(distance)) {
      receive(comm, tree.rank_at(tree.place + distance), tag, incoming.all());
      compute(comm, Reduce{op, vector, incoming.all()});
    }
  if (tree.place != 0) send(comm, tree.parent(), tag, vector);
}

void binomial_reduce(Communicator& comm, ConstSlice input, Slice output, Op op, Rank root) {
  if (comm.rank() == root) {
    bring(comm, input, output);
    binomial_reduce_in_place(comm, output, op, root);
  } else {
    const Scratch partial{input, input.size()};
    compute(comm, Copy{partial.all(), input});
    binomial_reduce_in_place(comm, partial.all(), op, root);
  }
}

}  // namespace troupe::algorithms
