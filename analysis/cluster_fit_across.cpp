// Between a cluster's nodes: how many cards their ranks share, and whether cards form rails.

#include <algorithm>
#include <cmath>

#include "analysis/cluster_fitter.hpp"

namespace troupe::analysis {

void ClusterFitter::fit_cards() {
  if (fit_.nodes == 1 || !across_) return;
  const auto rail = kind([&](Rank a, Rank b) { return !together(a, b) && local(a) == local(b); });
  const PairKind alone = rail.value_or(*across_);
  fit_.cards = fit_.gpus;
  fit_.card = {alone.half_latency(), alone.bandwidth()};
  const auto crossing = [&](std::size_t flows) {
    return slowdown(MeetingTimes::Kind::crossing, [&](const std::vector<Flow>& all) {
      return !is_inside(all) && all.size() == flows;
    });
  };
  if (fit_.gpus == 1) {
    const auto slower = slowdown(MeetingTimes::Kind::crossing, [](const auto&) { return true; });
    if (slower && *slower > 1 + outlier)
      doubt(
          "pairs of nodes side by side take {:.2f} times as long as alone: something between "
          "nodes is narrower than their cards, and is not in this platform",
          *slower);
    return;
  }
  const auto full = crossing(index(fit_.gpus));
  if (!full) doubt("whether the ranks of a node share network cards was not measured");
  if (!full || *full < 1 + same) return;
  share_cards(alone, *full, crossing(2));
}

void ClusterFitter::share_cards(const PairKind& alone, double full,
                                std::optional<double> neighbours) {
  const double widths = fit_.gpus / full;  // of what one rank reaches
  const int cards = static_cast<int>(std::lround(widths));
  const bool whole = cards > 0 && fit_.gpus % cards == 0 && std::abs(widths / cards - 1) < same;
  const bool neighbours_share = !neighbours || *neighbours > 1 + same;
  if (whole && neighbours_share) {
    fit_.cards = cards;
    fit_.card.bandwidth = alone.bandwidth() * (widths / cards);
    return;
  }
  fit_.cards = 1;
  fit_.card.bandwidth = alone.bandwidth() * widths;
  fit_.host_link = alone.bandwidth();
  if (widths > 2)
    doubt(
        "the ranks of a node share network cards that one of them cannot fill: whether it is one "
        "card or several is not seen, and one is written");
}

void ClusterFitter::fit_rails() {
  if (fit_.nodes == 1 || fit_.cards < 2) return;
  const auto near = kind([&](Rank a, Rank b) { return !together(a, b) && on_one_rail(a, b); });
  const auto far = kind([&](Rank a, Rank b) { return !together(a, b) && !on_one_rail(a, b); });
  if (!near || !far) return;
  fit_.card.latency = near->half_latency();
  if (!is_farther(*far, *near)) {
    fit_.card.latency = across_->half_latency();
    return;
  }
  const BytesPerSecond narrow = far->bandwidth();
  fit_.between_rails = {
      Seconds{(far->alpha - near->alpha) / 2},
      narrow.value < (1 - same) * near->bandwidth().value ? narrow : fit_.card.bandwidth};
  doubt("how much fits between rails at once was not measured: taken as wide as all cards");
}

}  // namespace troupe::analysis
