#pragma once
// How a GPU cluster is made of what messages took: what is inside its nodes, and between them.

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/cluster_fit.hpp"
#include "analysis/pair_kinds.hpp"

namespace troupe::analysis {

class ClusterFitter {
 public:
  explicit ClusterFitter(const MeasuredLinks& links) : links_{links} { find_nodes(); }
  ClusterFit fit();

 private:
  static constexpr double same = 0.05;     // relative: two figures that are one
  static constexpr double outlier = 0.10;  // relative: what is worth a doubt
  static std::size_t index(int number) { return static_cast<std::size_t>(number); }

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

  void find_nodes();
  void find_shared_processors();
  /// From products of matrices.
  void fit_sharing();
  void fit_speeds();
  /// Inside a node and between nodes, each from the pair with most sizes.
  void fit_factors();

  // ---- messages alone, and those that meet

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
  std::optional<double> slowdown(const MeetingTimes& meeting) const;
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

  // ---- inside a node (cluster_fit_inside.cpp)

  void fit_inside();
  void fit_ports();
  /// What half of a node's ranks get that send to the other half.
  void find_backbone();
  /// Blocks of neighbours that are nearer to each other than to the others of their node.
  bool find_switches();

  // ---- across nodes (cluster_fit_across.cpp)

  void fit_cards();
  /// All ranks of a node at once are slower than one alone.
  void share_cards(const PairKind& alone, double full, std::optional<double> neighbours);
  void fit_rails();

  // ---- both ways at once

  void fit_both_ways();
  /// From the pairs that did: what is left for each of the two.
  std::optional<BytesPerSecond> both_ways(bool inside, BytesPerSecond one_way);

  // ---- what became of it

  /// That the cluster gives a message.
  double time(Rank a, Rank b, double bytes) const;
  /// Pairs that differ from what is written for all of their kind, and sizes off the lines.
  void judge();

  const MeasuredLinks& links_;
  std::vector<int> node_, local_;  // of each rank
  std::vector<PairLine> pairs_;
  std::optional<PairKind> inside_, across_;
  ClusterFit fit_;
};

}  // namespace troupe::analysis
