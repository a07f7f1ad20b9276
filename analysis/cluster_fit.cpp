#include "analysis/cluster_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "analysis/pair_kinds.hpp"
#include "analysis/shared_processors.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

constexpr double same = 0.05;     // relative: two figures that are one
constexpr double outlier = 0.10;  // relative: what is worth a doubt

std::size_t index(int number) { return static_cast<std::size_t>(number); }

class ClusterFitter {
 public:
  explicit ClusterFitter(const MeasuredLinks& links) : links_{links} { find_nodes(); }

  ClusterFit fit() {
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

 private:
  template <class... Words>
  void doubt(fmt::format_string<Words...> format, Words&&... words) {
    fit_.doubts.push_back(fmt::format(format, std::forward<Words>(words)...));
  }
  int node(Rank rank) const { return node_[index(rank)]; }
  int local(Rank rank) const { return local_[index(rank)]; }
  bool together(Rank a, Rank b) const { return node(a) == node(b); }
  std::string name(Rank rank) const {
    return fit_.gpus == 1 ? links_.hosts[index(rank)]
                          : fmt::format("{}-{}", links_.hosts[index(rank)], local(rank));
  }

  std::string where(const PairTimes& pair) const {
    return fmt::format("calibrate: {} and {}", name(pair.a), name(pair.b));
  }
  const std::vector<SizeFactor>& factors(Rank a, Rank b) const {
    return together(a, b) ? fit_.inside_by_size : fit_.across_by_size;
  }

  void find_nodes() {
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

  void find_shared_processors() {
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
  /// From products of matrices.
  void fit_sharing() {
    if (links_.together.size() < 2) return;
    double all = 0;
    for (const RankSpeed& speed : links_.together) all += speed.flops.value;
    if (all > 0) fit_.sharing = std::max(1.0, links_.speeds.front().flops.value / all);
  }

  void fit_speeds() {
    const auto common = [&](const char* what, auto figure) {
      std::vector<double> all;
      for (const auto& speed : links_.speeds) all.push_back(figure(speed));
      if (all.empty()) return 0.0;
      const auto [least, most] = std::ranges::minmax(all);
      if (least < (1 - outlier) * most)
        doubt("ranks {} at {:.4g} to {:.4g} G a second; all are given the median", what,
              least * 1e-9, most * 1e-9);
      return median(all);
    };
    fit_.speed = {common("multiply", [](const RankSpeed& speed) { return speed.flops.value; })};
    fit_.memory_bandwidth = {
        common("add", [](const RankSpeed& speed) { return speed.reduced_bytes.value; })};
  }

  /// Inside a node and between nodes, each from the pair with most sizes.
  void fit_factors() {
    for (const bool inside : {true, false}) {
      const PairTimes* most = nullptr;
      for (const auto& pair : links_.pairs)
        if (together(pair.a, pair.b) == inside &&
            (!most || pair.points.size() > most->points.size()))
          most = &pair;
      if (!most) continue;
      auto found = fit_size_factors(*most);
      (inside ? fit_.inside_by_size : fit_.across_by_size) = std::move(found.factors);
      for (const Bytes bytes : found.left_out)
        doubt("{} and {}: the time of {} disagrees with all others and is left out", name(most->a),
              name(most->b), to_text(bytes));
    }
  }

  // ---- messages alone

  /// Of the pairs for which `is_one` is true of their ranks.
  template <class IsOne>
  std::optional<PairKind> kind(IsOne is_one) const {
    std::vector<const PairLine*> chosen;
    for (const auto& pair : pairs_)
      if (is_one(pair.times->a, pair.times->b)) chosen.push_back(&pair);
    return kind_of(chosen);
  }
  bool on_one_switch(Rank a, Rank b, int per_switch) const {
    return local(a) / per_switch == local(b) / per_switch;
  }
  bool on_one_rail(Rank a, Rank b) const {
    return local(a) * fit_.cards / fit_.gpus == local(b) * fit_.cards / fit_.gpus;
  }

  /// How much longer a byte takes than alone, beside the slowest of the flows. Nothing where it was
  /// not measured.
  std::optional<double> slowdown(const MeetingTimes& meeting) const {
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
  /// The median over meetings of this kind for whose flows `is_one` is true.
  template <class IsOne>
  std::optional<double> slowdown(MeetingTimes::Kind kind, IsOne is_one) const {
    std::vector<double> all;
    for (const auto& meeting : links_.meetings)
      if (meeting.kind == kind && is_one(meeting.flows))
        if (const auto slower = slowdown(meeting)) all.push_back(*slower);
    if (all.empty()) return {};
    return median(all);
  }
  bool is_inside(const std::vector<Flow>& flows) const {
    return std::ranges::all_of(flows,
                               [&](const Flow& flow) { return together(flow.first, flow.second); });
  }

  // ---- inside a node

  void fit_inside() {
    inside_ = kind([&](Rank a, Rank b) { return together(a, b); });
    across_ = kind([&](Rank a, Rank b) { return !together(a, b); });
    if (fit_.gpus == 1 || !inside_) return;
    if (find_switches()) return;
    fit_ports();
    if (fit_.interconnect == ClusterFit::Interconnect::nvswitch) find_backbone();
  }

  void fit_ports() {
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

  /// What half of a node's ranks get that send to the other half.
  void find_backbone() {
    const auto halves = [&](const std::vector<Flow>& flows) {
      return is_inside(flows) && flows.size() == index(fit_.gpus / 2);
    };
    const auto slower = slowdown(MeetingTimes::Kind::crossing, halves);
    if (slower && *slower > 1 + same)
      fit_.backbone = fit_.inside.bandwidth * (fit_.gpus / 2 / *slower);
  }

  /// Blocks of neighbours that are nearer to each other than to the others of their node.
  bool find_switches() {
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
        doubt(
            "the way between the switches of a node was never full: taken as wide as its {} ports",
            size);
      }
      return true;
    }
    return false;
  }

  // ---- across nodes

  void fit_cards() {
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

  /// All ranks of a node at once are slower than one alone.
  void share_cards(const PairKind& alone, double full, std::optional<double> neighbours) {
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

  void fit_rails() {
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

  // ---- both ways at once

  void fit_both_ways() {
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
  /// From the pairs that did: what is left for each of the two.
  std::optional<BytesPerSecond> both_ways(bool inside, BytesPerSecond one_way) {
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

  double time(Rank a, Rank b, double bytes) const {
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

  /// Pairs that differ from what is written for all of their kind, and sizes off the lines.
  void judge() {
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

  const MeasuredLinks& links_;
  std::vector<int> node_, local_;  // of each rank
  std::vector<PairLine> pairs_;
  std::optional<PairKind> inside_, across_;
  ClusterFit fit_;
};

}  // namespace

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
