#pragma once
// Who hears whom: connected, weighted graphs over ranks, with edges (both ways) or arrows (one
// way).

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

struct Neighbour {
  Rank rank = 0;
  double weight = 1;  ///< a_ij > 0; on graphs with edges a_ij = a_ji
};

inline constexpr std::array<std::string_view, 10> graph_kinds{
    "ring",  "path",   "complete", "star",          "hypercube",
    "torus", "random", "edges",    "directed_ring", "arrows"};
inline constexpr std::array<std::string_view, 4> graph_weights{"one", "metropolis", "max_degree",
                                                               "lazy_metropolis"};

class Graph {
 public:
  /// The graph of that kind over `ranks` ranks.
  ///   with edges: ring: r ± 1 · path: the ring without its last edge · complete · star: rank 0
  ///   with all · hypercube: r XOR 2^k · torus: the grid nearest to a square, each row and column a
  ///   ring · random: every pair with the same probability (Erdős and Rényi 1959; Gilbert 1959),
  ///   one draw of SplitMix64{seed} a pair (i, j), i < j, in lexicographic order · edges: as listed
  ///   with arrows: directed_ring: r hears r − 1 · arrows: (from, to) as listed, `to` hears `from`
  /// Weights: one: a_ij = 1 · of edges only, with degrees d: metropolis 1/(1 + max(d_i, d_j)) (Xiao
  /// and Boyd, Systems and Control Letters 53, 2004) · max_degree 1/(1 + max_k d_k) ·
  /// lazy_metropolis 1/(2 max(d_i, d_j)) · of edges and arrows, those that are listed.
  /// Throws BadInput: unknown kind or weights (with the nearest name), a hypercube of ranks that
  /// are no power of two, weights by degree for arrows, edges that leave the ranks, repeat or do
  /// not connect them all (arrows: each rank with each other), weights that are not one for each of
  /// them or not above 0.
  Graph(const GraphChoice& choice, int ranks);

  int size() const { return static_cast<int>(neighbours_.size()); }
  bool is_directed() const { return directed_; }
  /// Whom the rank hears, in the order of their ranks.
  std::span<const Neighbour> neighbours(Rank rank) const;
  /// Who hears the rank, in the order of their ranks, with the weight at which they do. Its
  /// neighbours, on graphs with edges.
  std::span<const Neighbour> listeners(Rank rank) const;
  /// Σ_j a_ij.
  double degree(Rank rank) const;
  /// 1ᵀ𝕃 = 0: every rank is heard with the weight with which it hears. True of graphs with edges.
  bool is_balanced() const;
  /// An upper bound of the largest eigenvalue of the Laplacian of a graph with edges: max over
  /// edges of d_i + d_j (Anderson and Morley 1985). 0 without edges.
  double laplacian_bound() const;

 private:
  using Lists = std::vector<std::vector<Neighbour>>;
  void expect_connected(const Lists& lists, std::string_view end) const;

  bool directed_;
  Lists neighbours_, listeners_;
};

/// The graph whose weights make a symmetric, doubly stochastic mixing matrix: as the choice says,
/// or Metropolis's where it leaves them at one.
GraphChoice with_mixing_weights(GraphChoice choice);

}  // namespace troupe::algorithms
