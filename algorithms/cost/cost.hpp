#pragma once
// Closed forms by family, as the catalogue lists them, and what they are written with. Messages and
// bytes are counted exactly for every number of ranks and every length, with the blocks as they
// really are; times follow the longest chain of messages and reductions, which in all collectives
// but those that say otherwise is the one through the largest block of each step: it meets a rank
// that is never waited for, so that nothing shorter is left and nothing longer can be.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "algorithms/catalogue.hpp"

namespace troupe::algorithms::cost {

/// Times of one message and one reduction of so many values.
class Clockwork {
 public:
  Clockwork(const Problem& problem, const AlphaBetaGamma& machine)
      : machine_{machine}, size_{static_cast<double>(size_of(problem.dtype))} {}
  Seconds message(std::size_t values) const {
    return machine_.alpha + Seconds{machine_.beta * size_ * static_cast<double>(values)};
  }
  Seconds reduction(std::size_t values) const {
    return Seconds{machine_.gamma * size_ * static_cast<double>(values)};
  }

 private:
  AlphaBetaGamma machine_;
  double size_;
};

/// Adds up what the ranks send.
class Tally {
 public:
  explicit Tally(const Problem& problem) : size_{size_of(problem.dtype)} {}
  /// `ranks` ranks that send this each.
  void rank(std::uint64_t messages, std::uint64_t values, std::uint64_t ranks = 1) {
    if (ranks == 0) return;
    cost_.messages = std::max(cost_.messages, messages);
    cost_.bytes = std::max(cost_.bytes, values * size_);
    cost_.total_messages += ranks * messages;
    cost_.total_bytes += ranks * values * size_;
  }
  Cost taking(Seconds time) const {
    Cost cost = cost_;
    cost.time = time;
    return cost;
  }

 private:
  std::size_t size_;
  Cost cost_;
};

/// The blocks of `values` values in `parts`.
inline Partition blocks(std::size_t values, int parts) {
  return Partition{Slice::phantom(values), parts};
}
/// n as a factor of messages, bytes or times.
inline std::uint64_t number(int n) { return static_cast<std::uint64_t>(n); }

/// The better of the two whole numbers of segments next to `best`, at least one and at most one a
/// value, a hundred for each of the `stages` that they fill, and 65,536: more than a hundred save
/// less than a hundredth, and where latency is next to nothing `best` would be millions.
template <class TimeOf>
int segments_near(double best, int stages, const Problem& problem, TimeOf time_of) {
  if (std::isnan(best)) return 1;  // nothing costs anything
  const double useful = std::min(100.0 * std::max(stages, 1), 65536.0);
  const double most = std::clamp(static_cast<double>(problem.count), 1.0, useful);
  const int fewer = best < most ? std::max(1, static_cast<int>(best)) : static_cast<int>(most);
  const int more = std::min(fewer + 1, static_cast<int>(most));
  return time_of(more) < time_of(fewer) ? more : fewer;
}

// ---- choices that Problem leaves open

/// Segments of a pipelined algorithm: the problem's, or the best by the closed form for
/// problem.machine.
int chain_segments(const Problem&);
int double_tree_segments(const Problem&);
int channels(const Problem&);
std::vector<int> radices(const Problem&);

// ---- closed forms, by family

Cost central_allreduce(const Problem&, const AlphaBetaGamma&);
Cost binomial_allreduce(const Problem&, const AlphaBetaGamma&);
Cost ring_allreduce(const Problem&, const AlphaBetaGamma&);
Cost multi_ring_allreduce(const Problem&, const AlphaBetaGamma&);
Cost recursive_doubling_allreduce(const Problem&, const AlphaBetaGamma&);
Cost halving_doubling_allreduce(const Problem&, const AlphaBetaGamma&);
Cost butterfly_allreduce(const Problem&, const AlphaBetaGamma&);
Cost butterfly_full_vector_allreduce(const Problem&, const AlphaBetaGamma&);
Cost double_binary_tree_allreduce(const Problem&, const AlphaBetaGamma&);
Cost hierarchical_allreduce(const Problem&, const AlphaBetaGamma&);
Cost hierarchical_halving_doubling_allreduce(const Problem&, const AlphaBetaGamma&);
Cost torus_allreduce(const Problem&, const AlphaBetaGamma&);
Cost direct_allreduce(const Problem&, const AlphaBetaGamma&);
/// Whether these two are more than estimates for a problem; all the others always are.
bool multi_ring_is_exact(const Problem&);
bool double_binary_tree_is_exact(const Problem&);

Cost ring_reduce_scatter(const Problem&, const AlphaBetaGamma&);
Cost halving_reduce_scatter(const Problem&, const AlphaBetaGamma&);

Cost ring_allgather(const Problem&, const AlphaBetaGamma&);
Cost doubling_allgather(const Problem&, const AlphaBetaGamma&);
Cost bruck_allgather(const Problem&, const AlphaBetaGamma&);

Cost binomial_broadcast(const Problem&, const AlphaBetaGamma&);
Cost scatter_allgather_broadcast(const Problem&, const AlphaBetaGamma&);
Cost chain_broadcast(const Problem&, const AlphaBetaGamma&);
Cost binomial_reduce(const Problem&, const AlphaBetaGamma&);
Cost binomial_scatter(const Problem&, const AlphaBetaGamma&);
Cost binomial_gather(const Problem&, const AlphaBetaGamma&);

Cost pairwise_all_to_all(const Problem&, const AlphaBetaGamma&);
Cost bruck_all_to_all(const Problem&, const AlphaBetaGamma&);
Cost all_to_all_v(const Problem&, const AlphaBetaGamma&);
Cost dissemination_barrier(const Problem&, const AlphaBetaGamma&);

}  // namespace troupe::algorithms::cost
