#pragma once
// A calibrated network as files: a platform that SimGrid and our own simulations read, and the data
// it was made of.

#include <string>
#include <utility>
#include <vector>

#include "analysis/cluster_fit.hpp"
#include "analysis/link_fit.hpp"

namespace troupe::analysis {

/// What is known beside the network.
struct Calibration {
  std::string backend;  ///< what carried the messages: mpi, cuda, loopback, sim
  Bytes eager_limit{};  ///< of the port, while it was measured
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string measured_device{};  ///< of a cluster's ranks: the file, relative to the cluster's
};

/// A SimGrid platform: a host for each rank, its cable as links NAME_UP and NAME_DOWN, the cables
/// of groups likewise; where both ways share one medium, a link NAME_BOTH that both cross.
/// Factors by size stand in its <config>, as the model SMPI has them; without any, its model is
/// CM02. Several ranks of a computer are hosts of one `node`.
std::string to_xml(const LinkFit& fit, const Calibration& calibration);

/// A GPU cluster (platforms/gpu_cluster.schema.json), without network cards where there is one
/// node. Doubts stand in its comment.
std::string to_json(const ClusterFit& fit, const Calibration& calibration);

/// {"troupe_links": 1}: data, fit and residuals.
std::string to_json(const LinkFit& fit, const MeasuredLinks& links, const Calibration& calibration);

/// The name of a meeting: two_way, incast, crossing, burst.
std::string_view name_of(MeetingTimes::Kind kind) noexcept;

}  // namespace troupe::analysis
