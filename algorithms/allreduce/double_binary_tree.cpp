#include <bit>

#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/allreduce/tree_links.hpp"
#include "algorithms/side_by_side.hpp"

namespace troupe::algorithms {

namespace {

constexpr Tag tag{0};

TreeLinks first_tree_links(int position, int n) {
  TreeLinks links;
  if (position == 0) {
    if (n > 1) links.children = {static_cast<int>(std::bit_floor(static_cast<unsigned>(n - 1)))};
    return links;
  }
  const int bit = position & -position, up = (position ^ bit) | (bit << 1);
  links.parent = up < n ? up : position ^ bit;
  if (bit > 1) links.children.push_back(position - bit / 2);
  for (int below = bit / 2; below > 0; below /= 2)
    if (position + below < n) {
      links.children.push_back(position + below);
      break;
    }
  return links;
}

/// One tree: all segments up, then all segments down; each follows the one before it.
void tree_allreduce(Communicator& comm, Slice vector, Op op, const TreeLinks& links, int segments) {
  const Partition segment{vector, segments};
  const Scratch scratch{vector, links.children.size() * segment.largest()};
  const auto incoming = [&](std::size_t child, Slice like) {
    return scratch.all().subslice(child * segment.largest(), like.size());
  };
  Request leaving_up;
  for (int s = 0; s < segments; ++s) {
    WaitSet arriving;
    for (std::size_t i = 0; i < links.children.size(); ++i)
      arriving.add(comm.irecv(links.children[i], tag, incoming(i, segment[s])));
    wait_all(comm, arriving);
    for (std::size_t i = 0; i < links.children.size(); ++i)
      compute(comm, Reduce{op, segment[s], incoming(i, segment[s])});
    if (leaving_up) wait(comm, std::move(leaving_up));
    if (links.parent >= 0) leaving_up = comm.isend(links.parent, tag, segment[s]);
  }
  if (leaving_up) wait(comm, std::move(leaving_up));
  WaitSet leaving_down;
  for (int s = 0; s < segments; ++s) {
    if (links.parent >= 0) receive(comm, links.parent, tag, segment[s]);
    wait_all(comm, leaving_down);
    for (int child : links.children) leaving_down.add(comm.isend(child, tag, segment[s]));
  }
  wait_all(comm, leaving_down);
}

}  // namespace

TreeLinks tree_links(int tree, int position, int n) {
  const bool mirrored = n % 2 == 0;
  const auto there = [&](int p) { return mirrored ? n - 1 - p : (p + n - 1) % n; };
  const auto back = [&](int p) { return mirrored ? n - 1 - p : (p + 1) % n; };
  if (tree == 0) return first_tree_links(position, n);
  TreeLinks links = first_tree_links(there(position), n);
  if (links.parent >= 0) links.parent = back(links.parent);
  for (int& child : links.children) child = back(child);
  return links;
}

/// Double binary tree allreduce (Sanders, Speck and Träff, Parallel Computing 35, 2009; NCCL 2.4).
///
///   4 ranks, the halves of the vector by the contributions they hold (* = all), one segment.
///   Tree 0 is 0 ─ 2 ┬ 1, tree 1 its mirror image 3 ─ 1 ┬ 2
///                   └ 3                               └ 0
///     after step     start      1         2         3         4
///     rank 0         0   0    0   0     *   0     *   0     *   *
///     rank 1         1   1    1  012    1  012    1   *     *   *
///     rank 2         2   2   123  2    123  2     *   2     *   *
///     rank 3         3   3    3   3     3   *     3   *     *   *
///
///   S segments: at most 3S messages and 3M/2 bytes of one rank in one tree where it is inside, S
///   and M/2 where it is a leaf: → 2M in all · time M = 0: 2⌈log2 n⌉α; large M: → 2Mβ
void double_binary_tree_allreduce(Communicator& comm, Slice vector, Op op, int segments,
                                  const Layout& layout, int channels) {
  const int n = comm.size();
  const Partition share{vector, channels};
  std::vector<Task> trees;
  for (int channel = 0; channel < channels; ++channel) {
    const ChannelOrder order{layout, n, channel};
    const int me = order.position_of(comm.rank());
    for (int tree = 0; tree < 2; ++tree) {
      TreeLinks links = tree_links(tree, me, n);
      if (links.parent >= 0) links.parent = order.at(links.parent);
      for (int& child : links.children) child = order.at(child);
      trees.emplace_back([=, half = Partition{share[channel], 2}[tree]](Communicator& flow) {
        tree_allreduce(flow, half, op, links, segments);
      });
    }
  }
  side_by_side(comm, std::move(trees));
}

}  // namespace troupe::algorithms
