#include "algorithms/consensus/admm.hpp"
#include "algorithms/zero_gradient_sum/convex_node.hpp"

namespace troupe::algorithms {

/// Decentralised consensus ADMM (Shi, Ling, Yuan, Wu and Yin, IEEE TSP 62(7), 2014), p_i = 0:
///   x_i ← argmin f_i(x) + p_iᵀx + c Σ_{j ∈ N_i} ‖x − (x_i + x_j)/2‖²
///       : ∇f_i(x) + 2 c d_i x = c Σ_j (x_i + x_j) − p_i
///   p_i ← p_i + c Σ_j (x_i − x_j)                                         so Σ_i p_i stays zero
///   a step: deg(i) messages of M each way, one minimisation of f_i and a quadratic
///   linear and exact
///
///     x_1 ──(x_1+x_2)/2── x_2 ──(x_2+x_3)/2── x_3      every edge asks both its ends to its
///           p_1                 p_2            p_3     middle; prices p grow until they come
void decentralised_admm(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  ConvexNode node{comm, problem, log};
  Neighbourhood neighbours{comm, problem, node.size(), estimates};
  const double c = problem.strategy[Admm::penalty], degree = neighbours.degree();
  const Buffer price = make_buffer(problem, node.size()), apart = make_buffer(problem, node.size()),
               target = make_buffer(problem, node.size());

  compute(comm, Fill{0, price});
  node.done({});
  neighbours.exchange(0, node.x());
  neighbours.differences(node.x(), apart);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    compute(comm, Copy{target, apart});  // Σ_j (x_i + x_j) = Σ_j (x_j − x_i) + 2 d_i x_i
    compute(comm, Axpy{2 * degree, node.x(), target});
    compute(comm, Scale{c, target});
    compute(comm, Axpy{-1, price, target});
    node.f().solve(target, 2 * c * degree, node.x());
    neighbours.exchange(step, node.x());
    if (node.is_due(step)) figures.disagreement = neighbours.largest_distance(node.x());
    neighbours.differences(node.x(), apart);
    compute(comm, Axpy{-c, apart, price});
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_decentralised_admm(const TrainingProblem& problem, int ranks) {
  if (problem.strategy[Admm::penalty] == 0) return "needs a penalty above 0";
  if (const std::string why = refusal_of_convex_nodes(problem, ranks); !why.empty()) return why;
  if (Graph{problem.graph, ranks}.is_directed())
    return "needs a graph with edges; \"" + problem.graph.kind + "\" has arrows";
  return {};
}

}  // namespace troupe::algorithms
