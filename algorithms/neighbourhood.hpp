#pragma once
// One rank's place in a graph: whom it hears, who hears it, and room for what it hears. What
// strategies over graphs exchange their vectors with.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "algorithms/graph.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The tag of the estimates that neighbours exchange at every step.
inline constexpr Tag estimates{0};

/// Multiplies what every rank hears by the rank's π_r, where π is the left eigenvector of the
/// Laplacian with mean 1 (πᵀ𝕃 = 0), so that 1ᵀ𝕃 = 0 afterwards.
/// π is found in the network: with W = I − ε𝕃, W^k → 1πᵀ/P, of which every rank keeps its own row,
/// told along the arrows. Messages of P words, until rounding alone changes them.
std::vector<Neighbour> balanced(Communicator& comm, const Graph& graph);

class Neighbourhood {
 public:
  /// The rank's neighbours in the graph of the problem, to exchange vectors of `size` values.
  /// Everything that is exchanged carries `tag` and the step. A directed graph that is not balanced
  /// is balanced first, unless that is not wanted.
  Neighbourhood(Communicator& comm, const TrainingProblem& problem, std::size_t size, Tag tag,
                bool balances = true);

  /// Whom this rank hears.
  std::span<const Neighbour> neighbours() const { return neighbours_; }
  std::size_t count() const { return neighbours_.size(); }
  std::span<const Rank> listeners() const { return listeners_; }
  /// Σ_j a_ij.
  double degree() const;

  /// Gives `mine` to all who hear this rank and takes what its neighbours give.
  void exchange(std::int64_t step, ConstSlice mine);
  /// What neighbour j (0 … count()−1) gave last.
  ConstSlice theirs(std::size_t j) const { return theirs_[j]; }
  /// into += a_ij (x_j − x_i)
  void add_difference(std::size_t j, ConstSlice mine, Slice into) const;
  /// into = Σ_j a_ij (x_j − x_i), in the order of the neighbours
  void differences(ConstSlice mine, Slice into) const;
  /// Largest ‖x_i − x_j‖ / ‖x_i‖, off the clock; nothing for phantom values.
  std::optional<double> largest_distance(ConstSlice mine) const;

  /// At least the largest eigenvalue of the Laplacian, the same on all ranks: Graph's bound, or
  /// 2 max d_i where there are arrows (agreed on in the network). In that case γ below 2θ/bound
  /// lowers Lyapunov's function, for ‖𝕃x‖² ≤ d_max · xᵀ(𝕃 + 𝕃ᵀ)x on balanced graphs.
  double laplacian_bound() const;

 private:
  Communicator& comm_;
  Tag tag_;
  bool directed_;
  double bound_;  // of a graph with edges
  std::vector<Neighbour> neighbours_;
  std::vector<Rank> listeners_;
  std::vector<Buffer> theirs_;
};

/// Why no such graph connects so many ranks, or empty.
std::string refusal_of_graph(const GraphChoice& choice, int ranks);

}  // namespace troupe::algorithms
