#pragma once
// From times of messages to a network: hosts on cables of their own, in groups (nodes, racks) on
// cables that their members share. Least squares of relative errors (Eigen's complete orthogonal
// decomposition); no term is negative; what the data cannot tell is said.
//
// A message of m bytes between hosts a and b takes
//   (l_a + l_b [+ L_A + L_B]) · latency(m) + m / (min(c_a, c_b [, C_A, C_B]) · bandwidth(m))
// where what is in brackets counts between groups, and latency(m), bandwidth(m) are factors by
// size.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/size_factors.hpp"
#include "core/measured_links.hpp"

namespace troupe::analysis {

/// A host's or a group's cable to the others.
struct Access {
  Seconds latency{};
  BytesPerSecond bandwidth{};
  bool at_least = false;  ///< whether the bandwidth was never filled
};

struct PairFit {
  Rank a = 0, b = 0;
  Seconds alpha{};
  BytesPerSecond bandwidth{};
  Seconds alpha_error{};    ///< standard error
  double worst_error = 0;   ///< of the network's times for this pair, relative, with its sign ...
  Bytes worst_size{};       ///< ... and at which size
  bool is_outlier = false;  ///< it differs from what its hosts do with all others
};

/// Messages between the same ranks, together and apart.
struct MeetingFit {
  MeetingTimes::Kind kind{};
  std::vector<Flow> flows;
  double slowdown = 1;  ///< of a byte, beside the slowest of the flows alone
};

struct LinkFit {
  std::vector<std::string> hosts;  ///< one name for each rank
  std::vector<int> group_of_rank;  ///< 0 … groups.size() - 1
  bool groups_are_hosts = false;   ///< several ranks to a computer: its network card is shared
  std::vector<std::string> nodes;  ///< names of those computers
  std::vector<SizeFactor> factors;
  std::vector<Access> ranks;
  std::vector<Access> groups;  ///< empty where there is but one
  std::vector<RankSpeed> speeds;
  /// Messages both ways at once: each takes so much longer, as a share. 0: the ways do not meet.
  double cross_traffic = 0;
  /// How the platform charges that. SimGrid itself knows of 5 % or none: within a per cent of these
  /// cables are as much wider or narrower as divides the rest between one way and both. Else a link
  /// that both ways share.
  enum class Charge { none, of_simgrid, shared_link };
  Charge charge = Charge::none;
  /// Messages of one pair follow each other; else they share its cables.
  bool one_connection = false;
  /// Above this size MPI asks before it sends, which costs `asking`.
  std::optional<Bytes> asks_above;
  Seconds asking{};
  std::vector<PairFit> pairs;
  std::vector<MeetingFit> meetings;
  double residual = 0;  ///< root of the mean square of relative errors, all pairs, all sizes
  std::vector<std::string> doubts;  ///< what the data cannot tell, or contradicts

  /// The time of a message by the formula above.
  Seconds time(Rank a, Rank b, Bytes bytes) const;
  Seconds latency(Rank a, Rank b) const;
  BytesPerSecond bandwidth(Rank a, Rank b) const;
};

/// Which ranks are near each other: those of one host where hosts have several; else groups within
/// which messages of no size take less time than between them, provided that the times contradict a
/// single switch. All 0 where there is but one group.
std::vector<int> groups_of(const MeasuredLinks& links);

/// Throws BadInput, naming the pair, where times are missing, not finite or not positive.
LinkFit fit_links(const MeasuredLinks& links);

}  // namespace troupe::analysis
