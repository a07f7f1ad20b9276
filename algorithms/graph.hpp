#pragma once
// Who talks to whom: undirected, connected, weighted graphs over ranks.

#include <span>
#include <vector>

#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

struct Neighbour {
  Rank rank = 0;
  double weight = 1;  ///< a_ij = a_ji > 0
};

class Graph {
 public:
  /// The graph of that kind over `ranks` ranks.
  ///   ring: r ± 1 · path: the ring without its last edge · complete · star: rank 0 with all ·
  ///   hypercube: r XOR 2^k · edges: as listed.
  /// Throws BadInput: unknown kind or weights (with the nearest name), a hypercube of ranks that
  /// are no power of two, edges that leave the ranks, repeat or do not connect them all.
  Graph(const GraphChoice& choice, int ranks);

  int size() const { return static_cast<int>(neighbours_.size()); }
  /// In the order of their ranks.
  std::span<const Neighbour> neighbours(Rank rank) const;
  /// Σ_j a_ij.
  double degree(Rank rank) const;
  /// An upper bound of the largest eigenvalue of the Laplacian: max over edges of d_i + d_j
  /// (Anderson and Morley 1985). 0 without edges.
  double laplacian_bound() const;

 private:
  std::vector<std::vector<Neighbour>> neighbours_;
};

}  // namespace troupe::algorithms
