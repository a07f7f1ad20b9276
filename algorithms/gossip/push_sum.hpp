#pragma once
// Sums pushed along the arrows of a directed graph. Learns nothing by itself.

#include <cstdint>
#include <vector>

#include "algorithms/graph.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Whom a rank tells and hears in one round.
struct PushPeers {
  std::vector<Rank> to, from;
};

/// Of the directed exponential graph (Assran et al., ICML 2019, §3): in round k rank r tells
/// r + 2^(k mod ⌈log2 ranks⌉). EXPECTS two ranks at least.
PushPeers exponential_peers(Rank rank, std::int64_t round, int ranks);
/// Along the graph's arrows, or its edges both ways, in every round.
PushPeers graph_peers(const Graph& graph, Rank rank);

/// One rank's side of push-sum (Kempe, Dobra and Gehrke, FOCS 2003): a vector u, and a weight v
/// that is 1 at the start. A rank keeps of both as much as it tells each of those who hear it,
///   u_i ← Σ_j A_ij u_j,   v_i ← Σ_j A_ij v_j,   A_ij = 1 / (1 + those who hear j)
/// so that Σ u and Σ v never change, and u_i / v_i goes to the mean of all u on any strongly
/// connected graph: nobody needs to know how many are heard elsewhere.
class PushSum {
 public:
  /// `size` values; `most_heard`: the most ranks that are heard in one round.
  PushSum(Communicator& comm, const TrainingProblem& problem, std::size_t size,
          std::size_t most_heard);

  Slice u() const { return both_.slice().first(size_); }
  /// v, one value.
  ConstSlice v() const { return both_.slice().subslice(size_, 1); }
  /// One round: a message of u and v together to each of `peers.to`.
  void push(std::int64_t round, const PushPeers& peers);
  /// z ← u / v
  void estimate(Slice z) const;

 private:
  Communicator& comm_;
  std::size_t size_;
  Buffer both_;  // u, then v
  std::vector<Buffer> heard_;
};

}  // namespace troupe::algorithms
