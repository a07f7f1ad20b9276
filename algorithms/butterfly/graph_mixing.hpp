#pragma once
// Averaging with all neighbours on a graph by a symmetric mixing matrix W: rows sum to 1, W_ij is
// the weight of edge (i, j), and what is left is the rank's own. Repeated, it leads to the mean of
// all, as fast as the second largest eigenvalue modulus of W says.

#include <string>
#include <vector>

#include "algorithms/graph.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// ρ(W − 11ᵀ/P): the factor by which disagreement falls in a round. By Jacobi's singular values of
/// the dense matrix, so for some hundred ranks at most. 0 for one rank.
double mixing_factor(const Graph& graph);

/// ⌈ln tolerance / ln ρ⌉: the rounds after which disagreement has fallen by `tolerance`, at least
/// 1. EXPECTS 0 < tolerance < 1 and 0 ≤ factor < 1.
std::int64_t rounds_for(double tolerance, double factor);

/// Why the graph's weights make no mixing matrix, or empty: each rank keeps a part of its own.
std::string refusal_of_weights(const Graph& graph);
/// Why the graph, with_mixing_weights, makes no symmetric mixing matrix of so many ranks, or empty.
std::string refusal_of_mixing(const GraphChoice& choice, int ranks);

/// Working memory of one rank for vectors of one size.
class GraphMixer {
 public:
  /// The graph must outlive it.
  GraphMixer(const Graph& graph, Rank rank, ConstSlice like);
  /// x ← Σ_j W_ij x_j: one message of M to each neighbour.
  void mix(Communicator& comm, Slice x);

 private:
  std::span<const Neighbour> neighbours_;
  double own_;  // W_ii
  std::size_t size_;
  Scratch rooms_;
};

}  // namespace troupe::algorithms
