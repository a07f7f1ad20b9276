#pragma once
// With whom a rank averages in which round: partner maps over ranks, logical ones, that any
// platform routes. No messages and no values here.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/settings.hpp"
#include "core/tag.hpp"

namespace troupe::algorithms {

/// The partner of `rank` in stage `stage` of a butterfly of a power of two of ranks: an involution,
/// and after log2(ranks) stages every rank has heard of every other.
Rank butterfly_partner(Rank rank, std::int64_t stage, int ranks);

/// The ways to choose partners, each one symmetric: who averages with whom does so mutually.
///   butterfly: r XOR 2^(t mod log2 P); with `digits` of product P, in round t all ranks that
///   differ from r in digit t mod m alone (mixed radix: Zhao and Canny, ICPP 2014) ·
///   fixed: r XOR 1 for ever, a control: what it knows never leaves the pair · random: a matching
///   drawn anew each round · tournament: the circle method, in which every pair meets once in
///   P − 1 rounds (P where that is odd, and one has a bye) · cyclic: r + q ≡ t modulo P, where
///   whoever is alone has a bye · ring: both neighbours r ± 1 in each round.
class Partners {
 public:
  static constexpr std::array<std::string_view, 6> ways{"butterfly",  "fixed",  "random",
                                                        "tournament", "cyclic", "ring"};
  static constexpr Text setting{.name = "partners",
                                .fallback = "butterfly",
                                .choices = ways,
                                .help = "with whom a rank averages; fixed is the control"};
  static constexpr Wholes digits{.name = "digits",
                                 .least = 2,
                                 .only = "partners is butterfly",
                                 .help =
                                     "radices whose product is the number of ranks; empty: all "
                                     "2"};

  /// As the strategy states. EXPECTS what refusal_of_partners accepts.
  Partners(const Choice& strategy, int ranks, std::uint64_t seed);

  /// In ascending order, without the rank itself; none: a bye.
  std::vector<Rank> of(Rank rank, std::int64_t round) const;
  /// All with whom the rank ever averages, in ascending order.
  std::vector<Rank> ever(Rank rank) const;
  /// The largest number of partners of a round.
  std::size_t most() const;
  /// Rounds after which the way begins anew; 0 where it never does.
  std::int64_t period() const;

 private:
  std::vector<Rank> in_digit(Rank rank, std::int64_t round) const;
  std::optional<Rank> partner(Rank rank, std::int64_t round) const;

  std::string way_;
  std::vector<std::int64_t> digits_;
  int ranks_;
  std::uint64_t seed_;
};

/// Why so many ranks cannot be paired as the strategy states, or empty.
std::string refusal_of_partners(const Choice& strategy, int ranks);

/// Which worker is the current one where not all are (the article's round robin): "all" of them, in
/// "cyclic" order, or one at "random".
struct Turns {
  static constexpr std::array<std::string_view, 3> ways{"all", "cyclic", "random"};
  static constexpr Text setting{.name = "active",
                                .fallback = "all",
                                .choices = ways,
                                .help = "who updates: all, or one at a time in turn or by lot"};
  /// True if it is the turn of `worker` in this round.
  static bool has(const Choice& strategy, int worker, std::int64_t round, int workers,
                  std::uint64_t seed);
};

}  // namespace troupe::algorithms
