// Closed forms of the allreduces. α(v) below is a message of v values, γ(v) a reduction of v.

#include <cmath>

#include "algorithms/allreduce/tree_links.hpp"
#include "algorithms/cost/cost.hpp"

namespace troupe::algorithms::cost {

namespace {

/// What folding P ranks onto `core` adds: a message and a reduction before, a message after.
Seconds folding(const Clockwork& clock, int folded, std::size_t values) {
  if (folded == 0) return {};
  return 2 * clock.message(values) + clock.reduction(values);
}
/// What a ring of n sends from one position, and the time of its slowest chain.
std::uint64_t sent_on_ring(const Partition& block, std::size_t values, int position) {
  return 2 * values - block.size_of_block(position + 1) - block.size_of_block(position + 2);
}
Seconds ring_time(const Clockwork& clock, int n, std::size_t largest) {
  return (n - 1) * (2 * clock.message(largest) + clock.reduction(largest));
}
int nodes_of(const Problem& problem) {
  if (problem.layout.node_size > 0) return problem.ranks / problem.layout.node_size;
  return static_cast<int>(ranks_by_node(problem.layout, problem.ranks).size());
}

}  // namespace

int channels(const Problem& problem) {
  return std::max(1, problem.channels > 0 ? problem.channels : problem.layout.nics_per_node);
}
std::vector<int> radices(const Problem& problem) {
  return problem.radices.empty() ? prime_factors(problem.ranks) : problem.radices;
}

/// (n-1)(α(N)+γ(N)) in, (n-1)α(N) out, one after the other at the root.
Cost central_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::uint64_t workers = number(problem.ranks) - 1;
  Tally tally{problem};
  tally.rank(workers, workers * problem.count);
  tally.rank(1, problem.count, workers);
  return tally.taking((problem.ranks - 1) *
                      (2 * clock.message(problem.count) + clock.reduction(problem.count)));
}

/// ⌈log2 n⌉(α(N)+γ(N)) up, ⌈log2 n⌉α(N) down. Each rank sends once up and once to each child.
Cost binomial_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int rounds = rounds_to_reach(problem.ranks);
  Tally tally{problem};
  for (Rank rank = 0; rank < problem.ranks; ++rank) {
    std::uint64_t messages = rank == 0 ? 0 : 1;
    for (int distance = 1; rank + distance < problem.ranks && (rank & distance) == 0; distance *= 2)
      ++messages;
    tally.rank(messages, messages * problem.count);
  }
  return tally.taking(rounds * (2 * clock.message(problem.count) + clock.reduction(problem.count)));
}

/// 2(n-1)α(⌈N/n⌉) + (n-1)γ(⌈N/n⌉): block 0 is the largest, and each of its messages follows the one
/// before it.
Cost ring_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const int n = problem.ranks;
  const Partition block = blocks(problem.count, n);
  Tally tally{problem};
  for (Rank rank = 0; rank < n; ++rank)
    tally.rank(2 * number(n - 1), sent_on_ring(block, problem.count, rank));
  return tally.taking(ring_time({problem, machine}, n, block.largest()));
}

/// The ring's, with the sum of the channels' largest blocks in each step. Exact for one channel and
/// where all blocks are equal (and γ = 0: how reductions of several channels share a processor is
/// the backend's affair).
Cost multi_ring_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const int n = problem.ranks, count = channels(problem);
  const Partition share = blocks(problem.count, count);
  std::vector<std::uint64_t> sent(static_cast<std::size_t>(n), 0);
  std::size_t largest = 0;
  for (int channel = 0; channel < count; ++channel) {
    const std::size_t values = share.size_of_block(channel);
    const Partition block = blocks(values, n);
    const std::vector<Rank> order = channel_order(problem.layout, n, channel);
    for (int position = 0; position < n; ++position)
      sent[static_cast<std::size_t>(order[static_cast<std::size_t>(position)])] +=
          sent_on_ring(block, values, position);
    largest += block.largest();
  }
  Tally tally{problem};
  for (std::uint64_t values : sent) tally.rank(2 * number(n - 1) * number(count), values);
  return tally.taking(ring_time({problem, machine}, n, largest));
}

bool multi_ring_is_exact(const Problem& problem) {
  const std::size_t count = number(channels(problem)), n = number(problem.ranks);
  return count == 1 || n == 1 || (problem.count % (count * n) == 0 && problem.machine.gamma == 0);
}

/// k(α(N)+γ(N)) with p = 2^k, and the fold.
Cost recursive_doubling_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int core = power_of_two_within(problem.ranks), folded = problem.ranks - core;
  const std::uint64_t k = number(rounds_to_reach(core));
  Tally tally{problem};
  tally.rank(1, problem.count, number(folded));
  tally.rank(k + 1, (k + 1) * problem.count, number(folded));
  tally.rank(k, k * problem.count, number(core - folded));
  return tally.taking(static_cast<double>(k) *
                          (clock.message(problem.count) + clock.reduction(problem.count)) +
                      folding(clock, folded, problem.count));
}

namespace {

struct Sent {
  std::uint64_t messages = 0, values = 0;
};
/// What each of `ranks` sends; those folded into others last.
std::vector<Sent> sent_by_halving_doubling(int ranks, std::size_t count) {
  const int core = power_of_two_within(ranks), folded = ranks - core;
  const std::uint64_t k = number(rounds_to_reach(core));
  const Partition block = blocks(count, core);
  std::vector<Sent> sent;
  for (int position = 0; position < core; ++position) {
    std::uint64_t values = count - block.size_of_block(position);
    for (int width = 1; width < core; width *= 2) {
      const int first = position / width * width;
      values += block.offset(first + width) - block.offset(first);
    }
    const bool serves = position < folded;
    sent.push_back({2 * k + (serves ? 1 : 0), values + (serves ? count : 0)});
  }
  sent.resize(number(ranks), {1, count});
  return sent;
}
/// At each distance b the first b of p blocks are the largest half: Σ 2α(first b) + γ(first b), and
/// the fold.
Seconds halving_doubling_time(const Clockwork& clock, int ranks, std::size_t count) {
  const int core = power_of_two_within(ranks);
  const Partition block = blocks(count, core);
  Seconds time = folding(clock, ranks - core, count);
  for (int distance = core / 2; distance > 0; distance /= 2)
    time += 2 * clock.message(block.offset(distance)) + clock.reduction(block.offset(distance));
  return time;
}

}  // namespace

Cost halving_doubling_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  Tally tally{problem};
  for (const Sent& sent : sent_by_halving_doubling(problem.ranks, problem.count))
    tally.rank(sent.messages, sent.values);
  return tally.taking(
      halving_doubling_time(Clockwork{problem, machine}, problem.ranks, problem.count));
}

/// Σ(d-1)(2α(v)+γ(v)) with v the largest piece of each stage, which the rank of digits 0 always
/// holds, and the fold.
Cost butterfly_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::vector<int> stages = radices(problem);
  const MixedRadix digits{stages};
  const int core = digits.ranks(), folded = problem.ranks - core;
  Tally tally{problem};
  tally.rank(1, problem.count, number(folded));
  for (int position = 0; position < core; ++position) {
    const bool serves = position < folded;
    std::uint64_t messages = serves ? 1 : 0, values = serves ? problem.count : 0;
    std::size_t held = problem.count;
    for (int j = 0; j < digits.stages(); ++j) {
      const std::size_t kept =
          blocks(held, digits.radix(j)).size_of_block(digits.digit(position, j));
      const std::uint64_t others = number(digits.radix(j) - 1);
      messages += 2 * others;
      values += (held - kept) + others * kept;
      held = kept;
    }
    tally.rank(messages, values);
  }
  Seconds time = folding(clock, folded, problem.count);
  std::size_t largest = problem.count;
  for (int radix : stages) {
    largest = blocks(largest, radix).largest();
    time += (radix - 1) * (2 * clock.message(largest) + clock.reduction(largest));
  }
  return tally.taking(time);
}

/// Σ(d-1)(α(N)+γ(N)), and the fold.
Cost butterfly_full_vector_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::vector<int> stages = radices(problem);
  const int core = MixedRadix{stages}.ranks(), folded = problem.ranks - core;
  int partners = 0;
  for (int radix : stages) partners += radix - 1;
  const std::uint64_t sends = number(partners);
  Tally tally{problem};
  tally.rank(1, problem.count, number(folded));
  tally.rank(sends + 1, (sends + 1) * problem.count, number(folded));
  tally.rank(sends, sends * problem.count, number(core - folded));
  return tally.taking(partners * (clock.message(problem.count) + clock.reduction(problem.count)) +
                      folding(clock, folded, problem.count));
}

namespace {

/// S segments through trees of depth h, up and down, with v values in the largest segment of half a
/// vector: (S+h-1)(2α + 4vβ + 2vγ) - 2vβ - vγ. A rank that is inside a tree takes two children's
/// segments in one period and sends its parent's and, as a leaf, the other tree's; only the root
/// has one child. With two or three ranks no rank has two children.
Seconds double_tree_time(const Problem& problem, const AlphaBetaGamma& machine, int segments) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks, depth = rounds_to_reach(n);
  if (n == 1) return {};
  const std::size_t half = (problem.count + 1) / 2;
  const std::size_t segment = (half + number(segments) - 1) / number(segments);
  const auto bytes_of = [&](std::size_t values) { return clock.message(values) - machine.alpha; };
  const int periods = segments + depth - 1;
  if (n == 2) return periods * 2 * machine.alpha + 2 * bytes_of(half) + clock.reduction(half);
  if (n == 3)
    return periods * (2 * machine.alpha + clock.reduction(segment)) + 2 * bytes_of(problem.count);
  return periods * (2 * clock.message(2 * segment) + clock.reduction(2 * segment)) -
         2 * bytes_of(segment) - clock.reduction(segment);
}

}  // namespace

int double_tree_segments(const Problem& problem) {
  if (problem.segments > 0) return problem.segments;
  const AlphaBetaGamma& machine = problem.machine;
  const int depth = rounds_to_reach(problem.ranks);
  const double bytes = static_cast<double>(problem.bytes());
  const double best = std::sqrt(std::max(0.0, depth - 1.5) * (2 * machine.beta + machine.gamma) *
                                bytes / (2 * machine.alpha.count()));
  return segments_near(best, depth, problem,
                       [&](int s) { return double_tree_time(problem, machine, s); });
}

/// An estimate, exact for empty vectors and for equal halves on two ranks: else several messages
/// share a port, and whether they do so fairly or in order is the network's affair.
Cost double_binary_tree_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const int n = problem.ranks, count = channels(problem), segments = double_tree_segments(problem);
  const Partition share = blocks(problem.count, count);
  std::vector<std::uint64_t> messages(number(n), 0), values(number(n), 0);
  for (int channel = 0; channel < count; ++channel) {
    const std::vector<Rank> order = channel_order(problem.layout, n, channel);
    const Partition half = blocks(share.size_of_block(channel), 2);
    for (int tree = 0; tree < 2; ++tree)
      for (int position = 0; position < n; ++position) {
        const TreeLinks links = tree_links(tree, position, n);
        const std::uint64_t sends = links.children.size() + (links.parent >= 0 ? 1 : 0);
        const auto rank = static_cast<std::size_t>(order[static_cast<std::size_t>(position)]);
        messages[rank] += sends * number(segments);
        values[rank] += sends * half.size_of_block(tree);
      }
  }
  Tally tally{problem};
  for (std::size_t rank = 0; rank < messages.size(); ++rank)
    tally.rank(messages[rank], values[rank]);
  return tally.taking(double_tree_time(problem, machine, segments));
}

bool double_binary_tree_is_exact(const Problem& problem) {
  return problem.count == 0 || problem.ranks == 1 ||
         (problem.ranks == 2 && problem.count % 2 == 0 && channels(problem) == 1);
}

namespace {

/// (g-1)(2α(L)+γ(L)) inside with L = ⌈N/g⌉, and the allreduce of the nodes on L: the chain through
/// the largest blocks meets at the largest of the next phase. across(values) is what each rank of a
/// lane sends, time(values) how long that takes.
template <class Across, class Time>
Cost hierarchy(const Problem& problem, const Clockwork& clock, Across across, Time time) {
  const int inside = problem.ranks / nodes_of(problem);
  const Partition block = blocks(problem.count, inside);
  Tally tally{problem};
  for (int place = 0; place < inside; ++place) {
    const std::size_t mine = block.size_of_block(place);
    const std::uint64_t sent = 2 * problem.count - mine - block.size_of_block(place + 1);
    for (const Sent& of_lane : across(mine))
      tally.rank(2 * number(inside - 1) + of_lane.messages, sent + of_lane.values);
  }
  const std::size_t largest = block.largest();
  return tally.taking((inside - 1) * (2 * clock.message(largest) + clock.reduction(largest)) +
                      time(largest));
}

}  // namespace

Cost hierarchical_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int nodes = nodes_of(problem);
  const auto ring = [&](std::size_t values) {
    const Partition lane = blocks(values, nodes);
    std::vector<Sent> sent;
    for (int node = 0; node < nodes; ++node)
      sent.push_back({2 * number(nodes - 1), sent_on_ring(lane, values, node)});
    return sent;
  };
  return hierarchy(problem, clock, ring, [&](std::size_t values) {
    return ring_time(clock, nodes, blocks(values, nodes).largest());
  });
}

Cost hierarchical_halving_doubling_allreduce(const Problem& problem,
                                             const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int nodes = nodes_of(problem);
  return hierarchy(
      problem, clock, [&](std::size_t values) { return sent_by_halving_doubling(nodes, values); },
      [&](std::size_t values) { return halving_doubling_time(clock, nodes, values); });
}

/// Σ(side-1)(2α(v)+γ(v)) with v the largest block after each dimension.
Cost torus_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::vector<int> grid = grid_of(problem.layout, problem.ranks);
  const MixedRadix coordinates{grid};
  Tally tally{problem};
  for (Rank rank = 0; rank < problem.ranks; ++rank) {
    std::uint64_t messages = 0, values = 0;
    std::size_t held = problem.count;
    for (int d = 0; d < coordinates.stages(); ++d) {
      const Partition block = blocks(held, coordinates.radix(d));
      const int place = coordinates.digit(rank, d);
      const std::size_t kept = block.size_of_block(place);
      messages += 2 * number(coordinates.radix(d) - 1);
      values += 2 * held - kept - block.size_of_block(place + 1);
      held = kept;
    }
    tally.rank(messages, values);
  }
  Seconds time{};
  std::size_t largest = problem.count;
  for (int side : grid) {
    largest = blocks(largest, side).largest();
    time += (side - 1) * (2 * clock.message(largest) + clock.reduction(largest));
  }
  return tally.taking(time);
}

/// (n-1)(2α(⌈N/n⌉)+γ(⌈N/n⌉)): rank 0 takes block 0, the largest, in each step and sends it back in
/// each step.
Cost direct_allreduce(const Problem& problem, const AlphaBetaGamma& machine) {
  const int n = problem.ranks;
  const Partition block = blocks(problem.count, n);
  Tally tally{problem};
  for (Rank rank = 0; rank < n; ++rank) {
    const std::size_t mine = block.size_of_block(rank);
    tally.rank(2 * number(n - 1), problem.count - mine + number(n - 1) * mine);
  }
  return tally.taking(ring_time({problem, machine}, n, block.largest()));
}

}  // namespace troupe::algorithms::cost
