#include "algorithms/microbenchmarks/rounds.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms {
namespace {

constexpr Tag count_tag{1};

Seconds median_of(std::vector<Seconds>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  if (times.size() % 2 == 1) return *middle;
  return (*std::max_element(times.begin(), middle) + *middle) / 2;
}

int count_for(Seconds took, const RoundChoice& choice) {
  if (took > choice.longest) return 0;
  if (took <= Seconds{}) return choice.least;
  const double wanted = std::ceil(choice.enough / took);
  return static_cast<int>(
      std::clamp(wanted, 1.0 * choice.least, 1.0 * std::max(choice.least, choice.most)));
}

}  // namespace

RoundTime summary_of(std::vector<Seconds> times, Bytes bytes) {
  EXPECTS(!times.empty(), "a median needs a time");
  RoundTime summary{.bytes = bytes, .rounds = static_cast<int>(times.size())};
  summary.time = median_of(times);
  for (auto& time : times) time = Seconds{std::abs((time - summary.time).count())};
  summary.spread = median_of(times);
  return summary;
}

std::optional<RoundTime> play(Communicator& comm, std::span<const Rank> ranks, Bytes bytes,
                              const RoundChoice& choice, const std::function<Seconds()>& round) {
  EXPECTS(choice.warm_up > 0, "the first round is no measurement");
  Seconds took{};
  for (int i = 0; i < choice.warm_up; ++i) took = round();
  const bool counts = comm.rank() == ranks.front();
  int count = counts ? count_for(took, choice) : 0;
  if (counts)
    for (const Rank rank : ranks.subspan(1)) send(comm, rank, count_tag, value(count));
  else receive(comm, ranks.front(), count_tag, value(count));
  if (count == 0) return {};
  std::vector<Seconds> times;
  for (int i = 0; i < count; ++i) times.push_back(round());
  if (!counts) return {};
  return summary_of(std::move(times), bytes);
}

}  // namespace troupe::algorithms
