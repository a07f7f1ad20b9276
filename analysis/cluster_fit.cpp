#include "analysis/cluster_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "analysis/cluster_fitter.hpp"
#include "analysis/shared_processors.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {

ClusterFit ClusterFitter::fit() {
  fit_speeds();
  if (links_.hosts.size() < 2) return std::move(fit_);
  for (const auto& times : links_.pairs) expect_times(times, where(times));
  fit_factors();
  for (const auto& times : links_.pairs)
    pairs_.push_back(line_of(times, factors(times.a, times.b), where(times)));
  fit_inside();
  fit_cards();
  fit_rails();
  fit_both_ways();
  judge();
  return std::move(fit_);
}

void ClusterFitter::find_nodes() {
  expect_equal_nodes(links_.hosts);
  std::map<std::string, int> numbers, seen;
  for (const auto& host : links_.hosts) {
    node_.push_back(numbers.try_emplace(host, static_cast<int>(numbers.size())).first->second);
    local_.push_back(seen[host]++);
  }
  fit_.nodes = static_cast<int>(numbers.size());
  fit_.gpus = static_cast<int>(links_.hosts.size()) / fit_.nodes;
  find_shared_processors();
}

void ClusterFitter::find_shared_processors() {
  if (links_.processors.empty()) return;
  if (const auto sharing = hosts_per_processor(node_, local_, links_.processors)) {
    fit_.hosts_per_gpu = *sharing;
    fit_sharing();
  } else {
    doubt(
        "ranks of a node share processors, but not in turn, or not alike on all nodes: each is "
        "taken to have its own");
  }
}
void ClusterFitter::fit_sharing() {
  if (links_.together.size() < 2) return;
  double all = 0;
  for (const RankSpeed& speed : links_.together) all += speed.flops.value;
  if (all > 0) fit_.sharing = std::max(1.0, links_.speeds.front().flops.value / all);
}

void ClusterFitter::fit_speeds() {
  const auto common = [&](const char* what, auto figure) {
    std::vector<double> all;
    for (const auto& speed : links_.speeds) all.push_back(figure(speed));
    if (all.empty()) return 0.0;
    const auto [least, most] = std::ranges::minmax(all);
    if (least < (1 - outlier) * most)
      doubt("ranks {} at {:.4g} to {:.4g} G a second; all are given the median", what, least * 1e-9,
            most * 1e-9);
    return median(all);
  };
  fit_.speed = {common("multiply", [](const RankSpeed& speed) { return speed.flops.value; })};
  fit_.memory_bandwidth = {
      common("add", [](const RankSpeed& speed) { return speed.reduced_bytes.value; })};
}

void ClusterFitter::fit_factors() {
  for (const bool inside : {true, false}) {
    const PairTimes* most = nullptr;
    for (const auto& pair : links_.pairs)
      if (together(pair.a, pair.b) == inside && (!most || pair.points.size() > most->points.size()))
        most = &pair;
    if (!most) continue;
    auto found = fit_size_factors(*most);
    (inside ? fit_.inside_by_size : fit_.across_by_size) = std::move(found.factors);
    for (const Bytes bytes : found.left_out)
      doubt("{} and {}: the time of {} disagrees with all others and is left out", name(most->a),
            name(most->b), to_text(bytes));
  }
}

std::optional<double> ClusterFitter::slowdown(const MeetingTimes& meeting) const {
  PairKind slowest;
  const auto* by_size = &fit_.inside_by_size;
  for (const auto& [from, to] : meeting.flows) {
    const auto alone = kind([&](Rank a, Rank b) {
      return std::pair{a, b} == std::pair{std::min(from, to), std::max(from, to)};
    });
    const auto& usual = together(from, to) ? inside_ : across_;
    const PairKind flow = alone ? *alone : usual.value_or(PairKind{});
    if (flow.beta <= slowest.beta) continue;
    slowest = flow;
    by_size = &factors(from, to);
  }
  return slowdown_of(meeting, slowest, *by_size);
}

// ---- both ways at once

void ClusterFitter::fit_both_ways() {
  fit_.inside_both_ways = both_ways(true, fit_.inside.bandwidth);
  if (fit_.backbone && fit_.inside_both_ways &&
      fit_.inside_both_ways->value > (1 - same) * fit_.backbone->value)
    fit_.inside_both_ways.reset();  // it is the backbone's doing
  const auto card = both_ways(false, fit_.card.bandwidth);
  if (card && fit_.host_link)
    doubt(
        "messages both ways at once take longer, but one rank does not fill a card: what a card "
        "carries both ways is not seen");
  else fit_.card_both_ways = card;
}
std::optional<BytesPerSecond> ClusterFitter::both_ways(bool inside, BytesPerSecond one_way) {
  const auto slower = slowdown(MeetingTimes::Kind::two_way, [&](const std::vector<Flow>& flows) {
    return flows.size() == 2 && is_inside(flows) == inside;
  });
  if (!slower || *slower < 1 + same) return {};
  if (*slower > 2 + outlier)
    doubt(
        "messages both ways at once {} take {:.2f} times as long as one way alone; taken as two "
        "times, as if they took turns",
        inside ? "in a node" : "between nodes", *slower);
  return one_way * (2 / std::min(2.0, *slower));
}

// ---- what became of it

double ClusterFitter::time(Rank a, Rank b, double bytes) const {
  const auto& factor = factor_for(factors(a, b), bytes);
  const auto& cable = fit_.inside;
  double alpha = 0, bandwidth = cable.bandwidth.value;
  if (together(a, b)) {
    const bool pair = fit_.interconnect == ClusterFit::Interconnect::nvlink;
    alpha = (pair ? 1 : 2) * cable.latency.count();
    if (fit_.gpus_per_switch > 0 && !on_one_switch(a, b, fit_.gpus_per_switch)) {
      alpha += 2 * fit_.root.latency.count();
      bandwidth = std::min(bandwidth, fit_.root.bandwidth.value);
    }
    return alpha * factor.latency + bytes / (bandwidth * factor.bandwidth);
  }
  alpha = 2 * fit_.card.latency.count();
  bandwidth = fit_.host_link.value_or(fit_.card.bandwidth).value;
  if (fit_.between_rails && !on_one_rail(a, b)) {
    alpha += 2 * fit_.between_rails->latency.count();
    bandwidth = std::min(bandwidth, fit_.between_rails->bandwidth.value);
  }
  return alpha * factor.latency + bytes / (bandwidth * factor.bandwidth);
}

void ClusterFitter::judge() {
  double squares = 0, worst = 0, worst_bend = 0;
  std::size_t count = 0, odd = 0, bent = 0;
  const PairLine* odd_one = nullptr;
  Bytes odd_size{}, bend{};
  for (const auto& pair : pairs_) {
    bool is_odd = false, is_bent = false;
    const PairKind line = *kind_of(std::array{&pair});
    for (const auto& point : pair.times->points) {
      const auto bytes = static_cast<double>(point.bytes.value);
      const double written = time(pair.times->a, pair.times->b, bytes);
      squares += std::pow(written / point.time.count() - 1, 2);
      ++count;
      const double fitted = line.at(bytes, factors(pair.times->a, pair.times->b));
      const double differs = fitted / written - 1, off = fitted / point.time.count() - 1;
      is_odd |= std::abs(differs) > outlier;
      is_bent |= std::abs(off) > outlier;
      if (std::abs(differs) > std::abs(worst)) {
        worst = differs;
        odd_one = &pair;
        odd_size = point.bytes;
      }
      if (std::abs(off) > std::abs(worst_bend)) {
        worst_bend = off;
        bend = point.bytes;
      }
    }
    odd += is_odd;
    bent += is_bent;
  }
  fit_.residual = std::sqrt(squares / static_cast<double>(count));
  if (odd > 0)
    doubt(
        "{} of {} pairs are more than 10 % off what all of their kind are given, most {} and {} "
        "({:+.0f} % for messages of {}): a GPU-cluster file has one kind of node and no racks; "
        "-o FILE.xml "
        "keeps hosts apart",
        odd, pairs_.size(), name(odd_one->times->a), name(odd_one->times->b), 100 * worst,
        to_text(odd_size));
  if (2 * bent > pairs_.size())
    doubt("times do not lie on a few straight lines of the size ({:+.0f} % for messages of {})",
          100 * worst_bend, to_text(bend));
}

void expect_equal_nodes(const std::vector<std::string>& node_of_rank) {
  std::map<std::string, int> ranks_on;
  for (const auto& node : node_of_rank) ++ranks_on[node];
  const auto ranks = [](const auto& entry) { return entry.second; };
  const auto [least, most] = std::ranges::minmax_element(ranks_on, {}, ranks);
  if (ranks_on.empty() || least->second == most->second) return;
  throw BadInput{
      fmt::format("calibrate: {} has {} ranks and {} has {}: a GPU-cluster file has one kind of "
                  "node; expected as many ranks on each, or -o FILE.xml",
                  most->first, most->second, least->first, least->second)};
}

ClusterFit fit_cluster(const MeasuredLinks& links) { return ClusterFitter{links}.fit(); }

}  // namespace troupe::analysis
