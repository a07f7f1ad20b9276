#pragma once
// Decentralised parallel SGD: a rank averages with its neighbours on a graph at every step.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/graph.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// One rank's row of the mixing matrix W: Metropolis weights on the edges of the problem's graph,
/// W_ij = 1/(1 + max(d_i, d_j)), the rest on W_ii (Xiao and Boyd, Systems and Control Letters 53,
/// 2004). Symmetric and doubly stochastic; 1/3 everywhere on a ring.
class Mixing {
 public:
  /// For vectors of `size` values.
  Mixing(Communicator& comm, const TrainingProblem& problem, std::size_t size);

  /// into ← Σ_j W_ij x_j. One exchange with each neighbour.
  void mix(std::int64_t step, ConstSlice x, Slice into);
  /// Largest ‖x − x_j‖ / ‖x‖ over what neighbours had in the last exchange, off the clock; nothing
  /// for phantom values.
  std::optional<double> largest_distance(ConstSlice x) const;

 private:
  Communicator& comm_;
  std::vector<Neighbour> neighbours_;
  std::vector<Buffer> theirs_;
};

/// Trains any model. The graph's weights are Metropolis' whatever the problem says. Deterministic on
/// every backend; the ranks' parameters differ.
void d_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why d_psgd cannot serve the problem on so many ranks, or empty.
std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
