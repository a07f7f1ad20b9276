#include "algorithms/butterfly/partners.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

bool is_power_of_two(int ranks) {
  return ranks >= 2 && std::has_single_bit(static_cast<unsigned>(ranks));
}
int stages_of(int ranks) { return std::bit_width(static_cast<unsigned>(ranks)) - 1; }

/// The draws of one round, the same on all ranks.
SplitMix64 draws_of(std::uint64_t seed, std::int64_t round) {
  return SplitMix64::of_rank(SplitMix64::finalised(seed), static_cast<Rank>(round));
}

/// Who stands beside `rank` after a shuffle (Fisher and Yates); ranks itself: nobody.
Rank drawn_partner(Rank rank, int ranks, SplitMix64 draws) {
  std::vector<Rank> order(static_cast<std::size_t>(ranks));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[draws.below(i + 1)]);
  const auto place = static_cast<std::size_t>(std::ranges::find(order, rank) - order.begin());
  return (place ^ 1) < order.size() ? order[place ^ 1] : ranks;
}

/// The circle method: one player stays, the others go round it.
Rank tournament_partner(Rank rank, std::int64_t round, int players) {
  const int circle = players - 1;
  const int turn = static_cast<int>(round % circle);
  if (rank == circle) return static_cast<Rank>(std::int64_t{turn} * (players / 2) % circle);
  const Rank partner = (turn - rank + circle) % circle;
  return partner == rank ? circle : partner;
}

}  // namespace

Rank butterfly_partner(Rank rank, std::int64_t stage, int ranks) {
  return rank ^ (1 << (stage % stages_of(ranks)));
}

Partners::Partners(const Choice& strategy, int ranks, std::uint64_t seed)
    : way_{strategy[setting]}, digits_{strategy[digits]}, ranks_{ranks}, seed_{seed} {
  EXPECTS(refusal_of_partners(strategy, ranks).empty(), "partners are for ranks that fit them");
}

std::vector<Rank> Partners::in_digit(Rank rank, std::int64_t round) const {
  const std::size_t stage = static_cast<std::size_t>(round) % digits_.size();
  int stride = 1;
  for (std::size_t j = 0; j < stage; ++j) stride *= static_cast<int>(digits_[j]);
  const int radix = static_cast<int>(digits_[stage]), digit = rank / stride % radix;
  std::vector<Rank> others;
  for (int other = 0; other < radix; ++other)
    if (other != digit) others.push_back(rank + (other - digit) * stride);
  return others;
}

std::optional<Rank> Partners::partner(Rank rank, std::int64_t round) const {
  Rank partner = rank;
  if (way_ == "butterfly") partner = butterfly_partner(rank, round, ranks_);
  else if (way_ == "fixed") partner = rank ^ 1;
  else if (way_ == "random") partner = drawn_partner(rank, ranks_, draws_of(seed_, round));
  else if (way_ == "tournament")
    partner = ranks_ < 2 ? rank : tournament_partner(rank, round, ranks_ + ranks_ % 2);
  else partner = static_cast<Rank>(((round - rank) % ranks_ + ranks_) % ranks_);
  if (partner == rank || partner >= ranks_) return std::nullopt;
  return partner;
}

std::vector<Rank> Partners::of(Rank rank, std::int64_t round) const {
  if (way_ == "butterfly" && !digits_.empty()) return in_digit(rank, round);
  if (way_ == "ring") {
    const Rank left = (rank + ranks_ - 1) % ranks_, right = (rank + 1) % ranks_;
    if (left == rank) return {};
    if (left == right) return {left};
    return {std::min(left, right), std::max(left, right)};
  }
  const auto one = partner(rank, round);
  return one ? std::vector<Rank>{*one} : std::vector<Rank>{};
}

std::vector<Rank> Partners::ever(Rank rank) const {
  std::vector<Rank> all;
  if (way_ == "random") {
    for (Rank other = 0; other < ranks_; ++other)
      if (other != rank) all.push_back(other);
    return all;
  }
  for (std::int64_t round = 0; round < period(); ++round)
    for (const Rank other : of(rank, round)) all.push_back(other);
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  return all;
}

std::size_t Partners::most() const {
  if (way_ == "ring") return of(0, 0).size();
  if (way_ != "butterfly" || digits_.empty()) return 1;
  return static_cast<std::size_t>(std::ranges::max(digits_)) - 1;
}

std::int64_t Partners::period() const {
  if (way_ == "random") return 0;
  if (way_ == "fixed" || way_ == "ring") return 1;
  if (way_ == "tournament") return std::max(1, ranks_ + ranks_ % 2 - 1);
  if (way_ == "cyclic") return ranks_;
  return digits_.empty() ? stages_of(ranks_) : static_cast<std::int64_t>(digits_.size());
}

std::string refusal_of_partners(const Choice& strategy, int ranks) {
  if (strategy[Partners::setting] != "butterfly") return {};
  const auto digits = strategy[Partners::digits];
  if (digits.empty())
    return is_power_of_two(ranks)
               ? std::string{}
               : "needs a power of two of ranks, " + std::to_string(ranks) + " given";
  const std::int64_t product =
      std::accumulate(digits.begin(), digits.end(), std::int64_t{1},
                      [](std::int64_t a, std::int64_t b) { return std::min(a * b, 1L << 31); });
  if (product == ranks) return {};
  return "digits " + to_text(SettingValue{digits}) + " make " + std::to_string(product) +
         " ranks, " + std::to_string(ranks) + " given";
}

bool Turns::has(const Choice& strategy, int worker, std::int64_t round, int workers,
                std::uint64_t seed) {
  const std::string way = strategy[setting];
  if (way == "all") return true;
  if (way == "cyclic") return round % workers == worker;
  SplitMix64 draws = draws_of(seed, round);
  return draws.below(static_cast<std::uint64_t>(workers)) == static_cast<std::uint64_t>(worker);
}

}  // namespace troupe::algorithms
