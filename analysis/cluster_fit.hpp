#pragma once
// From times of messages to a cluster of equal nodes, as a GPU-cluster file describes one: what
// joins the ranks of a node, how many network cards they share, rails. All nodes and all ranks are
// taken to be alike, medians over pairs of one kind count, and what contradicts that is said. Hosts
// that differ and racks are what link_fit.hpp is for.

#include <optional>
#include <string>
#include <vector>

#include "analysis/size_factors.hpp"
#include "core/measured_links.hpp"

namespace troupe::analysis {

/// Of one direction; a message crosses one at each of its ends.
struct ClusterCable {
  Seconds latency{};
  BytesPerSecond bandwidth{};
};

struct ClusterFit {
  int nodes = 1;
  int gpus = 1;  ///< ranks of each node
  /// So many of them share a GPU: the ranks of a node take its gpus / hosts_per_gpu in turn.
  int hosts_per_gpu = 1;
  double sharing = 1;  ///< together they take so many times as long as one after the other
  /// nvswitch: a port of one switch for each rank; nvlink: a cable for each pair of ranks; pcie:
  /// several switches with one way between them; none: one rank a node.
  enum class Interconnect { none, nvswitch, nvlink, pcie };
  Interconnect interconnect = Interconnect::none;
  ClusterCable inside;  ///< a port, or a pair's cable
  /// What both ways of a port, or of a pair's cable, and of a card carry together; nothing: each
  /// way as if it were alone.
  std::optional<BytesPerSecond> inside_both_ways, card_both_ways;
  /// Of messages inside a node and between nodes; one factor, of 1, where the size changes nothing.
  std::vector<SizeFactor> inside_by_size{SizeFactor{}}, across_by_size{SizeFactor{}};
  /// What all ranks of a node send to each other together, of ports; nothing: it was never full.
  std::optional<BytesPerSecond> backbone;
  int gpus_per_switch = 0;  ///< of pcie, and ...
  ClusterCable root;        ///< ... a switch's way to the others
  int cards = 0;            ///< network cards of a node; 0: there is one node
  ClusterCable card;
  std::optional<BytesPerSecond> host_link;  ///< what one rank reaches, where its card can do more
  /// Cards of one number are nearer to each other than to others: the latency of each cable between
  /// their switches, and what one message gets between rails.
  std::optional<ClusterCable> between_rails;
  FlopsPerSecond speed{};             ///< of a rank; 0: products of matrices took no time
  BytesPerSecond memory_bandwidth{};  ///< of a rank; 0: sums took no time
  double residual = 0;  ///< root of the mean square of relative errors, all pairs, all sizes
  std::vector<std::string> doubts;  ///< what the data cannot tell, or a GPU-cluster file cannot say
};

/// Throws BadInput unless the nodes have equally many ranks: what could not be written.
/// `node_of_rank`: names.
void expect_equal_nodes(const std::vector<std::string>& node_of_rank);

/// `links.hosts` are the names of the ranks' nodes. One rank has no pairs, and is a node of its
/// own. Throws BadInput as expect_equal_nodes does, and where times are missing or say nothing of
/// the bandwidth.
ClusterFit fit_cluster(const MeasuredLinks& links);

}  // namespace troupe::analysis
