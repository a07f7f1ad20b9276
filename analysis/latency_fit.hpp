#pragma once
// Latencies of pairs as sums of what hosts and groups have: a linear system with one row a pair.

#include <string>
#include <vector>

#include "core/tag.hpp"

namespace troupe::analysis {

struct PairLatency {
  Rank a = 0, b = 0;
  double seconds = 0;
};

struct LatencyFit {
  std::vector<double> of_rank, of_group;  ///< seconds; no group: one group
  double residual = 0;                    ///< root of the mean square of relative errors
  std::vector<std::size_t> left_out;      ///< pairs that disagree with all others
  /// Ranks and groups whose shares are not told from others': only sums are, evenly split.
  std::vector<std::size_t> vague_ranks, vague_groups;
};

/// Least squares of relative errors; no term is negative. `group_of_rank` gives the number of
/// ranks.
LatencyFit fit_latencies(const std::vector<PairLatency>& pairs,
                         const std::vector<int>& group_of_rank);

}  // namespace troupe::analysis
