#include <algorithm>

#include "algorithms/allgather/allgather.hpp"
#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"
#include "core/subset.hpp"

namespace troupe::algorithms {

namespace {
struct Place {
  std::vector<Rank> node;  // the ranks of this rank's node
  std::vector<Rank> lane;  // the ranks at the same place of every node
};
Place place_of(Rank me, const Layout& layout, int ranks) {
  Place place;
  if (const int size = layout.node_size; size > 0) {
    for (int i = 0; i < size; ++i) place.node.push_back(me - me % size + i);
    for (Rank other = me % size; other < ranks; other += size) place.lane.push_back(other);
    return place;
  }
  const auto nodes = ranks_by_node(layout, ranks);
  for (const auto& node : nodes) {
    EXPECTS(node.size() == nodes.front().size(), "all nodes have as many ranks");
    const auto found = std::find(node.begin(), node.end(), me);
    if (found == node.end()) continue;
    place.node = node;
    for (const auto& other : nodes)
      place.lane.push_back(other[static_cast<std::size_t>(found - node.begin())]);
  }
  return place;
}
}  // namespace

/// Hierarchical allreduce (Jia et al. 2018, "Highly scalable deep learning training system").
///
///   2 nodes of 2 ranks; halves and quarters of the vector by the contributions they hold
///                                 rank 0      rank 1   |  rank 2      rank 3
///     start                       0   0       1   1    |  2   2       3   3
///     reduce-scatter inside       01  .       .   01   |  23  .       .   23
///     allreduce across            *   .       .   *    |  *   .       .   *
///     all-gather inside           *   *       *   *    |  *   *       *   *
///
///   n = nodes · g: 2(g-1) messages and 2(g-1)/g M bytes inside; across, those of the allreduce
///   there: of a ring 2(nodes-1) messages and 2(nodes-1)/n M bytes, 2(nodes-1)/nodes M a node, the
///   least that n endpoints need
void hierarchical_allreduce(Communicator& comm, Slice vector, Op op, const Layout& layout,
                            void (*across)(Communicator&, Slice, Op)) {
  Place place = place_of(comm.rank(), layout, comm.size());
  Subset node{comm, std::move(place.node), 0}, lane{comm, std::move(place.lane), 1};
  const Slice mine = Partition{vector, node.size()}[node.rank()];
  ring_reduce_scatter(node, vector, mine, op);
  across(lane, mine, op);
  ring_allgather(node, mine, vector);
}

}  // namespace troupe::algorithms
