#include "scenarios/sent_so_far.hpp"

#include <algorithm>

namespace troupe::scenarios {
namespace {

using algorithms::Figures;

std::optional<Sent> said_in(const Figures& figures) {
  if (!figures.messages || !figures.sent_bytes) return {};
  return Sent{*figures.messages, *figures.sent_bytes};
}

/// What the figures of one rank, in its order, say last of a step, or null.
const Figures* last_of(const std::vector<Figures>& reported, std::int64_t step) {
  const auto after = std::ranges::upper_bound(reported, step, {}, &Figures::step);
  if (after == reported.begin() || std::prev(after)->step != step) return nullptr;
  return &*std::prev(after);
}

}  // namespace

SentSoFar::SentSoFar(int ranks, bool together)
    : ranks_{ranks},
      logs_(static_cast<std::size_t>(together ? 0 : ranks)),
      counters_{std::make_unique<SentCounters[]>(static_cast<std::size_t>(ranks))} {
  for (std::size_t rank = 0; rank < logs_.size(); ++rank) counters_[rank].log = &logs_[rank];
}

Sent SentSoFar::now(Rank rank) const {
  const SentCounters& counters = counters_[static_cast<std::size_t>(rank)];
  return {static_cast<double>(counters.messages.load(std::memory_order_relaxed)),
          static_cast<double>(counters.bytes.load(std::memory_order_relaxed))};
}

void SentSoFar::keep(std::int64_t step) {
  const std::lock_guard guard{mutex_};
  auto& all = kept_[step];
  all.clear();
  for (Rank rank = 0; rank < ranks_; ++rank) all.push_back(now(rank));
}

std::optional<Sent> SentSoFar::at(Rank rank, std::int64_t step, Seconds time) const {
  const auto index = static_cast<std::size_t>(rank);
  if (!logs_.empty()) return logs_[index].at(time + ahead(rank));
  const auto found = kept_.find(step);
  return found == kept_.end() ? std::nullopt : std::optional{found->second[index]};
}

std::vector<std::optional<Sent>> sent_at_lines(const algorithms::TrainingHistory& history,
                                               const std::vector<Figures>& lines,
                                               const SentSoFar& sent) {
  std::vector<std::vector<Figures>> reported;
  for (Rank rank = 0; rank < sent.ranks(); ++rank) reported.push_back(history.figures_of(rank));
  std::vector<std::optional<Sent>> all;
  for (const Figures& line : lines) {
    Seconds time{};  // when the last rank reported it
    std::vector<const Figures*> said;
    for (Rank rank = 0; rank < sent.ranks(); ++rank) {
      said.push_back(last_of(reported[static_cast<std::size_t>(rank)], line.step));
      if (said.back()) time = std::max(time, sent.common(rank, said.back()->time));
    }
    auto& sum = all.emplace_back(Sent{});
    for (Rank rank = 0; rank < sent.ranks() && sum; ++rank) {
      const Figures* own = said[static_cast<std::size_t>(rank)];
      const auto mine = own ? said_in(*own) : sent.at(rank, line.step, time);
      if (mine) sum = Sent{sum->messages + mine->messages, sum->bytes + mine->bytes};
      else sum.reset();
    }
  }
  return all;
}

}  // namespace troupe::scenarios
