#pragma once
// How far a node is pulled by the difference between its neighbours' estimates and its own: as it
// is, or through the Hessians at the ends of each edge, which makes a step nearly Newton's.

#include <vector>

#include "algorithms/neighbourhood.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "algorithms/zero_gradient_sum/step_limit.hpp"

namespace troupe::algorithms {

class EdgePull {
 public:
  /// of_ends: one message of L(L+1)/2 values to each neighbour; of_all: one ring allreduce of as
  /// many.
  EdgePull(Communicator& comm, const TrainingProblem& problem, const QuadraticNode& node,
           Neighbourhood& neighbours, EdgeMatrix kind);

  /// into = Σ_j a_ij A_ij (w_j − w_i) of the last exchange.
  void pull(ConstSlice w, Slice into) const;
  /// 0.9 · 2 / max_i σ_max(2 A_i⁻¹ Σ_j a_ij A_ij), agreed on in the network: below 2/μ_max, since
  /// (x_i − x_j)ᵀA_ij(x_i − x_j) ≤ 2 x_iᵀA_ij x_i + 2 x_jᵀA_ij x_j. Of `none`, the node's own.
  double safe_step(QuadraticNode& node) const;
  EdgeMatrix kind() const { return kind_; }

 private:
  Communicator& comm_;
  const TrainingProblem& problem_;
  Neighbourhood& neighbours_;
  EdgeMatrix kind_;
  std::size_t size_;
  std::vector<Buffer> matrices_;  // of_ends: (A_i + A_j)/2 by neighbour; of_all: the mean
  Buffer difference_;
};

}  // namespace troupe::algorithms
