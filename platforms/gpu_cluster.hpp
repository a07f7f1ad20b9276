#pragma once
// Clusters of GPU nodes, from a JSON file (gpu_cluster.schema.json): accelerators, what joins them
// inside a node, the network cards, and the fabric between the cards. Every GPU becomes a host.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "platforms/topology.hpp"

namespace troupe::platforms {

/// Makes the platform a GPU-cluster document describes; `file` is for messages.
///   inside a node   nvswitch: a port of the switch for each GPU, and a backbone if it says so.
///                   nvlink: a cable for each pair of GPUs. pcie: a port for each GPU, and switches
///                   of `gpus_per_switch` GPUs that share one way to the others.
///   across nodes    [host_link up,] the sender's network card up, the fabric, the receiver's card
///                   down [, host_link down]. Card c serves the GPUs g with g · cards / gpus = c.
///   fabric          crossbar, fat_tree (cards in order of node), rail_optimised (a leaf switch
///                   takes the cards of one number from `nodes_per_rail` nodes, spines join the
///                   leaves), dragonfly, torus (of the cards)
/// One node alone may have neither cards nor a fabric. With `hosts_per_gpu` a GPU is several hosts,
/// for ranks that share it: they divide what it computes (`sharing`: at what cost), and each has a
/// port and a place at a card as if it were a GPU. Host h of a node is of GPU h mod gpus.
/// `interconnect` and `nics` may say `by_size`: what longer messages pay, within a node and between
/// nodes. Messages between rails are not relayed over NVLink, as NCCL's PXN does: an algorithm may.
/// Throws BadPlatform with the JSON pointer.
Topology gpu_cluster(const nlohmann::json& document, const std::string& file);

/// What a GPU cluster's file says of runs, beside the network; a calibrated one does.
struct ClusterRuns {
  Bytes eager_limit{};            ///< messages up to this size leave at once
  std::string measured_device{};  ///< a file (measured_device.hpp) whose times all are charged
};
/// The device's path begins where the file is. Throws BadPlatform with the JSON pointer.
ClusterRuns cluster_runs(const std::string& file);

}  // namespace troupe::platforms
