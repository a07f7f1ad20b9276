#include "scenarios/sent_so_far.hpp"

#include <algorithm>

namespace troupe::scenarios {
namespace {

using algorithms::Figures;

std::optional<Sent> said_in(const Figures& figures) {
  if (!figures.messages || !figures.sent_bytes) return {};
  return Sent{*figures.messages, *figures.sent_bytes};
}

/// What the figures of one rank, in its order, say of a line, and of a time.
std::optional<Sent> sent_by(const std::vector<Figures>& reported, const Figures& line) {
  const auto after = std::ranges::upper_bound(reported, line.step, {}, &Figures::step);
  if (after == reported.begin() || std::prev(after)->step != line.step) return {};
  return said_in(*std::prev(after));
}
std::optional<Sent> sent_before(const std::vector<Figures>& reported, Seconds time) {
  const auto after = std::ranges::upper_bound(reported, time, {}, &Figures::time);
  return after == reported.begin() ? std::nullopt : said_in(*std::prev(after));
}

}  // namespace

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

const std::vector<Sent>* SentSoFar::kept(std::int64_t step) const {
  const auto found = kept_.find(step);
  return found == kept_.end() ? nullptr : &found->second;
}

std::vector<std::optional<Sent>> sent_at_lines(const algorithms::TrainingHistory& history,
                                               const std::vector<Figures>& lines,
                                               const SentSoFar& sent) {
  std::vector<std::optional<Sent>> all(lines.size(), Sent{});
  for (Rank rank = 0; rank < sent.ranks(); ++rank) {
    const auto reported = history.figures_of(rank);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      auto mine = sent_by(reported, lines[i]);
      if (const auto* kept = sent.kept(lines[i].step); !mine && kept)
        mine = (*kept)[static_cast<std::size_t>(rank)];
      if (!mine) mine = sent_before(reported, lines[i].time);
      if (!mine) all[i].reset();
      if (all[i]) all[i] = Sent{all[i]->messages + mine->messages, all[i]->bytes + mine->bytes};
    }
  }
  return all;
}

}  // namespace troupe::scenarios
