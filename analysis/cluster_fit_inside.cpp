// A cluster's nodes: ports, cables of pairs, or switches, and what is narrower than they.

#include <algorithm>
#include <cmath>

#include "analysis/cluster_fitter.hpp"

namespace troupe::analysis {

void ClusterFitter::fit_inside() {
  inside_ = kind([&](Rank a, Rank b) { return together(a, b); });
  across_ = kind([&](Rank a, Rank b) { return !together(a, b); });
  if (fit_.gpus == 1 || !inside_) return;
  if (find_switches()) return;
  fit_ports();
  if (fit_.interconnect == ClusterFit::Interconnect::nvswitch) find_backbone();
}

void ClusterFitter::fit_ports() {
  fit_.interconnect = ClusterFit::Interconnect::nvswitch;
  fit_.inside = {inside_->half_latency(), inside_->bandwidth()};
  const auto incast = [&](const std::vector<Flow>& flows) { return is_inside(flows); };
  const auto slower = slowdown(MeetingTimes::Kind::incast, incast);
  if (!slower) return;
  std::size_t senders = 0;
  for (const auto& meeting : links_.meetings)
    if (meeting.kind == MeetingTimes::Kind::incast && is_inside(meeting.flows))
      senders = meeting.flows.size();
  const double shared = static_cast<double>(senders);
  if (*slower < 1 + (shared - 1) / 4) {
    fit_.interconnect = ClusterFit::Interconnect::nvlink;
    fit_.inside.latency = Seconds{inside_->alpha};
  }
  const double expected = fit_.interconnect == ClusterFit::Interconnect::nvlink ? 1.0 : shared;
  if (std::abs(*slower / expected - 1) > 2 * outlier)
    doubt(
        "{} messages at once into one rank of a node take {:.2f} times as long as one: neither "
        "as on a port that they share nor as on cables of their own",
        senders, *slower);
}

void ClusterFitter::find_backbone() {
  const auto halves = [&](const std::vector<Flow>& flows) {
    return is_inside(flows) && flows.size() == index(fit_.gpus / 2);
  };
  const auto slower = slowdown(MeetingTimes::Kind::crossing, halves);
  if (slower && *slower > 1 + same)
    fit_.backbone = fit_.inside.bandwidth * (fit_.gpus / 2 / *slower);
}

bool ClusterFitter::find_switches() {
  for (int size = fit_.gpus / 2; size > 1; --size) {
    if (fit_.gpus % size != 0) continue;
    const auto near =
        kind([&](Rank a, Rank b) { return together(a, b) && on_one_switch(a, b, size); });
    const auto far =
        kind([&](Rank a, Rank b) { return together(a, b) && !on_one_switch(a, b, size); });
    if (!near || !far || !is_farther(*far, *near)) continue;
    fit_.interconnect = ClusterFit::Interconnect::pcie;
    fit_.gpus_per_switch = size;
    fit_.inside = {near->half_latency(), near->bandwidth()};
    fit_.root.latency = Seconds{(far->alpha - near->alpha) / 2};
    const auto halves = [&](const std::vector<Flow>& flows) {
      return is_inside(flows) && flows.size() == index(fit_.gpus / 2);
    };
    const auto slower = slowdown(MeetingTimes::Kind::crossing, halves);
    if (slower && *slower > 1 + same) {
      fit_.root.bandwidth = {size / (far->beta * *slower)};
    } else {
      fit_.root.bandwidth = {size / far->beta};
      doubt("the way between the switches of a node was never full: taken as wide as its {} ports",
            size);
    }
    return true;
  }
  return false;
}

}  // namespace troupe::analysis
