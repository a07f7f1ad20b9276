#include "algorithms/zero_gradient_sum/general.hpp"

#include "algorithms/zero_gradient_sum/convex_node.hpp"

namespace troupe::algorithms {

/// Zero-gradient-sum for any strongly convex f_i (Lu and Tang, IEEE TAC 57(9), 2012), by steps of
/// the gradients instead of the estimates. With y_i = ∇f_i(x_i):
///   y_i ← 0, x_i ← (∇f_i)⁻¹(0)                          the local optimum
///   y_i ← y_i + γ Σ_{j ∈ N_i} a_ij (x_j − x_i)          Σ y_i stays zero to the last bit but one
///   x_i ← (∇f_i)⁻¹(y_i)                                  Newton's method from the old x_i
///   gradient ascent on the dual of min Σ f_i, all x_i equal: converges for γ < 2θ/λmax(𝕃); on
///   quadratics the same as zero_gradient_sum
///   a step: deg(i) messages of M each way, a few gradients and Hessians of f_i
///
///       y_i ──── + γ Σ (x_j − x_i) ────► y_i          an Euler step of x_i itself,
///        ▲ ∇f_i                           │ (∇f_i)⁻¹   γ ∇²f_i⁻¹ Σ (x_j − x_i), would leave the
///       x_i                               ▼            manifold Σ ∇f_i = 0 by O(γ)
///                                        x_i
void general_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                               TrainingLog& log) {
  ConvexNode node{comm, problem, log};
  Neighbourhood neighbours{comm, problem, node.size(), estimates};
  const double gamma = node.step(neighbours, 1, true);
  const Buffer y = make_buffer(problem, node.size()), pull = make_buffer(problem, node.size());

  compute(comm, Fill{0, y});
  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    neighbours.exchange(step, node.x());
    if (node.is_due(step)) figures.disagreement = neighbours.largest_distance(node.x());
    neighbours.differences(node.x(), pull);
    compute(comm, Axpy{gamma, pull, y});
    node.f().solve(y, 0, node.x());
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_general(const TrainingProblem& problem, int ranks) {
  return refusal_of_convex_nodes(problem, ranks);
}

}  // namespace troupe::algorithms
