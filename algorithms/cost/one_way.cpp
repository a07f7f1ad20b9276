// Closed forms of the collectives in which data go one way: reduce-scatter, all-gather, broadcast,
// reduce, scatter, gather. α(v) is a message of v values, γ(v) a reduction of v.

#include <cmath>

#include "algorithms/binomial_tree.hpp"
#include "algorithms/blocks.hpp"
#include "algorithms/cost/cost.hpp"

namespace troupe::algorithms::cost {

namespace {

/// n ranks of which each sends all blocks but one, and different ranks different ones.
Tally all_but_one_block(const Problem& problem) {
  const Partition block = blocks(problem.count, problem.ranks);
  Tally tally{problem};
  for (Rank rank = 0; rank < problem.ranks; ++rank)
    tally.rank(number(problem.ranks - 1), problem.count - block.size_of_block(rank));
  return tally;
}

/// The blocks of the positions of a fold: those that serve a rank own two.
struct FoldedBlocks {
  FoldedBlocks(const Problem& problem)
      : block{blocks(problem.count, problem.ranks)},
        core{power_of_two_within(problem.ranks)},
        folded{problem.ranks - core} {}
  /// Values of the blocks of positions [first, first + width).
  std::size_t size(int first, int width) const {
    return block.offset(begin(first + width)) - block.offset(begin(first));
  }
  int begin(int position) const { return position < folded ? 2 * position : position + folded; }
  Partition block;
  int core, folded;
};

}  // namespace

/// (n-1)(α(⌈N/n⌉)+γ(⌈N/n⌉)), along block 0.
Cost ring_reduce_scatter(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::size_t largest = blocks(problem.count, problem.ranks).largest();
  return all_but_one_block(problem).taking((problem.ranks - 1) *
                                           (clock.message(largest) + clock.reduction(largest)));
}

/// Σ α(v)+γ(v) with v the blocks of the first half of the positions at each distance; the fold adds
/// α(N)+γ(N) before and block 0 after.
Cost halving_reduce_scatter(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const FoldedBlocks of{problem};
  const std::uint64_t k = number(rounds_to_reach(of.core));
  Tally tally{problem};
  tally.rank(1, problem.count, number(of.folded));
  for (int position = 0; position < of.core; ++position) {
    const bool serves = position < of.folded;
    const std::size_t given = serves ? of.block.size_of_block(2 * position) : 0;
    tally.rank(k + (serves ? 1 : 0), problem.count - of.size(position, 1) + given);
  }
  Seconds time{};
  if (of.folded > 0)
    time += clock.message(problem.count) + clock.reduction(problem.count) +
            clock.message(of.block.size_of_block(0));
  for (int distance = of.core / 2; distance > 0; distance /= 2)
    time += clock.message(of.size(0, distance)) + clock.reduction(of.size(0, distance));
  return tally.taking(time);
}

/// (n-1)α(⌈N/n⌉), along block 0.
Cost ring_allgather(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  return all_but_one_block(problem).taking(
      (problem.ranks - 1) * clock.message(blocks(problem.count, problem.ranks).largest()));
}

/// Σ α(v) with v the blocks of the first positions at each distance; the fold adds block 0 before
/// and α(N) after.
Cost doubling_allgather(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const FoldedBlocks of{problem};
  const std::uint64_t k = number(rounds_to_reach(of.core));
  Tally tally{problem};
  for (int position = 0; position < of.core; ++position) {
    const bool serves = position < of.folded;
    if (serves) tally.rank(1, of.block.size_of_block(2 * position));
    std::uint64_t values = serves ? problem.count : 0;
    for (int width = 1; width < of.core; width *= 2)
      values += of.size(position / width * width, width);
    tally.rank(k + (serves ? 1 : 0), values);
  }
  Seconds time{};
  if (of.folded > 0)
    time += clock.message(of.block.size_of_block(0)) + clock.message(problem.count);
  for (int distance = 1; distance < of.core; distance *= 2)
    time += clock.message(of.size(0, distance));
  return tally.taking(time);
}

/// Σ α(first min(b, n-b) blocks): rank 0 always sends the largest.
Cost bruck_allgather(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks;
  Tally tally{problem};
  for (Rank rank = 0; rank < n; ++rank) {
    const RotatedBlocks place{problem.count, n, rank};
    std::uint64_t values = 0;
    for (int b = 1; b < n; b *= 2) values += place.size(0, std::min(b, n - b));
    tally.rank(number(rounds_to_reach(n)), values);
  }
  Seconds time{};
  const Partition block = blocks(problem.count, n);
  for (int b = 1; b < n; b *= 2) time += clock.message(block.offset(std::min(b, n - b)));
  return tally.taking(time);
}

namespace {

/// How many children a place of a binomial tree has.
std::uint64_t children_of(const BinomialTree& tree) {
  std::uint64_t children = 0;
  for (int distance = 1; distance < tree.reach; distance *= 2)
    if (tree.has_child(distance)) ++children;
  return children;
}

}  // namespace

/// ⌈log2 n⌉α(N): the root sends so many messages.
Cost binomial_broadcast(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  Tally tally{problem};
  for (Rank rank = 0; rank < problem.ranks; ++rank) {
    const std::uint64_t children = children_of({problem.ranks, rank, problem.root});
    tally.rank(children, children * problem.count);
  }
  return tally.taking(rounds_to_reach(problem.ranks) * clock.message(problem.count));
}

/// The root is the last to have scattered, after ⌈log2 n⌉ messages of all blocks but its own, and
/// that one, the largest, then goes around the ring: + (n-1)α(⌈N/n⌉).
Cost scatter_allgather_broadcast(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks;
  const Partition block = blocks(problem.count, n);
  Tally tally{problem};
  for (int place = 0; place < n; ++place) {
    const BinomialTree tree{n, place, 0};
    tally.rank(children_of(tree) + number(n - 1), block.offset(tree.end()) -
                                                      block.offset(place + 1) + problem.count -
                                                      block.size_of_block(place + 1));
  }
  Seconds time = (n - 1) * clock.message(block.largest());
  for (int distance = 1; distance < n; distance *= 2)
    time += clock.message(block.offset(std::min(2 * distance, n)) - block.offset(distance));
  return tally.taking(time);
}

int chain_segments(const Problem& problem) {
  if (problem.segments > 0) return problem.segments;
  const AlphaBetaGamma& machine = problem.machine;
  const int stages = std::max(0, problem.ranks - 2);
  const double best = std::sqrt(stages * machine.beta * static_cast<double>(problem.bytes()) /
                                machine.alpha.count());
  return segments_near(best, stages, problem, [&](int segments) {
    Problem as = problem;
    as.segments = segments;
    return chain_broadcast(as, machine).time;
  });
}

/// The first segment, the largest, over n-2 links, then all of them over the last:
/// (n-2)α(⌈N/S⌉) + Σα(segment).
Cost chain_broadcast(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks, segments = chain_segments(problem);
  Tally tally{problem};
  tally.rank(0, 0);
  tally.rank(number(segments), problem.count, number(n - 1));
  if (n == 1) return tally.taking({});
  return tally.taking((n - 2) * clock.message(blocks(problem.count, segments).largest()) +
                      (segments - 1) * machine.alpha + clock.message(problem.count));
}

/// ⌈log2 n⌉(α(N)+γ(N)): the root takes so many messages.
Cost binomial_reduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  Tally tally{problem};
  tally.rank(0, 0);
  tally.rank(1, problem.count, number(problem.ranks - 1));
  return tally.taking(rounds_to_reach(problem.ranks) *
                      (clock.message(problem.count) + clock.reduction(problem.count)));
}

/// Evaluated down the tree: a place sends to its farthest child first. For 2^k ranks and equal
/// blocks kα + N(n-1)/n β.
Cost binomial_scatter(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks;
  const RotatedBlocks block{problem.count, n, problem.root};
  Tally tally{problem};
  std::vector<Seconds> has(number(n));  // when each place has the blocks of its subtree
  Seconds last{};
  for (int place = 0; place < n; ++place) {  // parents before children
    const BinomialTree tree{n, place, 0};
    tally.rank(children_of(tree), block.size(place + 1, tree.end()));
    Seconds time = has[number(place)];
    for (int distance = tree.reach / 2; distance > 0; distance /= 2)
      if (tree.has_child(distance)) {
        time += clock.message(block.size(place + distance, tree.end_of_child(distance)));
        has[number(place + distance)] = time;
      }
    last = std::max(last, time);
  }
  return tally.taking(last);
}

/// Evaluated up the tree: a place takes from its nearest child first. For 2^k ranks and equal
/// blocks kα + N(n-1)/n β.
Cost binomial_gather(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks;
  const RotatedBlocks block{problem.count, n, problem.root};
  Tally tally{problem};
  std::vector<Seconds> has(number(n));            // when each place has the blocks of its subtree
  for (int place = n - 1; place >= 0; --place) {  // children before parents
    const BinomialTree tree{n, place, 0};
    tally.rank(place == 0 ? 0 : 1, place == 0 ? 0 : block.size(place, tree.end()));
    for (int distance = 1; distance < tree.reach; distance *= 2)
      if (tree.has_child(distance))
        has[number(place)] =
            std::max(has[number(place)], has[number(place + distance)]) +
            clock.message(block.size(place + distance, tree.end_of_child(distance)));
  }
  return tally.taking(has[0]);
}

}  // namespace troupe::algorithms::cost
