#pragma once
// One node of zero-gradient-sum on functions of any curvature: f_i and the estimate x_i. What those
// strategies share; each of them is a loop of its own.

#include "algorithms/convex_shard.hpp"
#include "algorithms/neighbourhood.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

class ConvexNode {
 public:
  /// With x_i the optimum of f_i, found from the model's starting values.
  ConvexNode(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

  ConvexShard& f() { return shard_; }
  std::size_t size() const { return shard_.size(); }
  Slice x() const { return x_; }
  /// The step that the problem states, or where that is 0 0.9 of the longest that is certain to
  /// converge: `reach` · 2θ/λ, θ the least convexity of all f_i, agreed on in the network. A step
  /// that is stated and not below that is noted by rank 0, if `bounded`.
  double step(const Neighbourhood& neighbours, double reach, bool bounded);

  bool is_due(std::int64_t step) const { return reporter_.is_due(step); }
  /// Reports, with the gradient and the divergence from the optimum where due. True if that was
  /// enough for all ranks.
  bool done(const Figures& figures);
  void finish(std::int64_t step) { reporter_.finish(step, x_); }

 private:
  Communicator& comm_;
  const TrainingProblem& problem_;
  TrainingLog& log_;
  ConvexShard shard_;
  Buffer x_;
  Reporter reporter_;
};

/// Why no network of such nodes can serve the problem, or empty.
std::string refusal_of_convex_nodes(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
