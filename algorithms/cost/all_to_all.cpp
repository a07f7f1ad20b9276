// Closed forms of the all-to-alls and the barrier. α(v) is a message of v values.

#include "algorithms/cost/cost.hpp"

namespace troupe::algorithms::cost {

namespace {

/// Rounds in which each rank r sends to r+shift and takes from r-shift, and goes on when both are
/// done; a message starts when both its ends are there.
class Rounds {
 public:
  explicit Rounds(int ranks) : now_(number(ranks)) {}
  template <class MessageOf>
  void shift(int by, MessageOf message_of) {
    const std::size_t n = now_.size(), distance = static_cast<std::size_t>(by);
    std::vector<Seconds> next(n);
    for (std::size_t from = 0; from < n; ++from) {
      const std::size_t to = (from + distance) % n;
      const Seconds end = std::max(now_[from], now_[to]) + message_of(static_cast<Rank>(from));
      next[from] = std::max(next[from], end);
      next[to] = std::max(next[to], end);
    }
    now_ = std::move(next);
  }
  Seconds last() const { return *std::max_element(now_.begin(), now_.end()); }

 private:
  std::vector<Seconds> now_;
};

}  // namespace

/// (n-1)α(⌈N/n⌉): rank 0 takes the largest block in each step.
Cost pairwise_all_to_all(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const int n = problem.ranks;
  const Partition block = blocks(problem.count, n);
  Tally tally{problem};
  for (Rank rank = 0; rank < n; ++rank)
    tally.rank(number(n - 1), problem.count - block.size_of_block(rank));
  return tally.taking((n - 1) * clock.message(block.largest()));
}

/// Round b of rank r carries, for each j with bit b, the block for r + (j without the bits below
/// b). Equal blocks of v values: Σ_b α(v · #{j : bit b of j set}); else evaluated round by round.
Cost bruck_all_to_all(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::size_t n = number(problem.ranks);
  const std::size_t small = problem.count / n, longer = problem.count % n;
  const auto carried = [&](std::size_t rank, std::size_t b) {
    // Groups of j that begin at b, 3b, 5b, … and hold b each, the last perhaps fewer.
    const std::size_t groups = (n - b + 2 * b - 1) / (2 * b), last = b + 2 * b * (groups - 1);
    const auto begin_below = [&](std::size_t j) {
      return j <= b ? 0 : std::min(groups, (j - b + 2 * b - 1) / (2 * b));
    };
    const std::size_t for_longer = begin_below(longer > rank ? longer - rank : 0) +
                                   begin_below(n - rank + longer) - begin_below(n - rank);
    const std::size_t missing = b - std::min(b, n - last);
    return b * (groups * small + for_longer) -
           missing * (small + ((rank + last) % n < longer ? 1 : 0));
  };
  Rounds rounds{problem.ranks};
  std::vector<std::uint64_t> sent(n, 0);
  for (std::size_t b = 1; b < n; b *= 2) {
    std::vector<std::size_t> values(n, carried(0, b));
    if (longer > 0)
      for (std::size_t rank = 1; rank < n; ++rank) values[rank] = carried(rank, b);
    for (std::size_t rank = 0; rank < n; ++rank) sent[rank] += values[rank];
    rounds.shift(static_cast<int>(b),
                 [&](Rank rank) { return clock.message(values[static_cast<std::size_t>(rank)]); });
  }
  Tally tally{problem};
  for (std::uint64_t values : sent) tally.rank(number(rounds_to_reach(problem.ranks)), values);
  return tally.taking(rounds.last());
}

/// Evaluated step by step from the counts.
Cost all_to_all_v(const Problem& problem, const AlphaBetaGamma& machine) {
  const Clockwork clock{problem, machine};
  const std::size_t n = number(problem.ranks);
  Tally tally{problem};
  for (std::size_t from = 0; from < n; ++from) {
    std::uint64_t values = 0;
    for (std::size_t to = 0; to < n; ++to)
      if (to != from) values += problem.counts[from * n + to];
    tally.rank(n - 1, values);
  }
  Rounds rounds{problem.ranks};
  for (std::size_t step = 1; step < n; ++step)
    rounds.shift(static_cast<int>(step), [&](Rank rank) {
      const auto from = static_cast<std::size_t>(rank);
      return clock.message(problem.counts[from * n + (from + step) % n]);
    });
  return tally.taking(rounds.last());
}

/// ⌈log2 n⌉α.
Cost dissemination_barrier(const Problem& problem, const AlphaBetaGamma& machine) {
  const int rounds = rounds_to_reach(problem.ranks);
  Tally tally{problem};
  tally.rank(number(rounds), 0, number(problem.ranks));
  return tally.taking(rounds * Clockwork{problem, machine}.message(0));
}

}  // namespace troupe::algorithms::cost
