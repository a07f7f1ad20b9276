#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"

#include <algorithm>

#include "algorithms/zero_gradient_sum/edge_pull.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::uint64_t of_start = 1, of_disturbance = 2;  // streams of draws

EdgeMatrix edge_matrix_of(const TrainingProblem& problem) {
  const auto& names = ZeroGradientSum::edge_matrices;
  const auto found = std::ranges::find(names, problem.strategy[ZeroGradientSum::edge_matrix]);
  return static_cast<EdgeMatrix>(found - names.begin());
}

void place(Communicator& comm, const TrainingProblem& problem, QuadraticNode& node) {
  const std::string start = problem.strategy[ZeroGradientSum::start];
  if (start == "zero") compute(comm, Fill{0, node.w()});
  else if (start != "local_optima")
    node.displace(problem.strategy[ZeroGradientSum::displacement], start == "on_manifold",
                  problem.seed + of_start);
}

void disturb(const Communicator& comm, const TrainingProblem& problem, QuadraticNode& node) {
  const std::string kind = problem.strategy[ZeroGradientSum::disturbance];
  if (kind == "on_manifold" || (kind == "off_manifold" && comm.rank() == 0))
    node.displace(problem.strategy[ZeroGradientSum::displacement], kind == "on_manifold",
                  problem.seed + of_disturbance);
}

}  // namespace

/// Zero-gradient-sum on quadratics (Lu and Tang, IEEE TAC 57(9), 2012; in discrete time for
/// least squares: Ai, Chen and Xie 2016), f_i(w) = ½ wᵀA_i w − b_iᵀw:
///   w_i ← A_i⁻¹ b_i                                     the local optimum: every ∇f_i is zero
///   w_i ← w_i + γ A_i⁻¹ Σ_{j ∈ N_i} a_ij (w_j − w_i)    so that Σ_i ∇f_i(w_i) stays zero
///   converges iff γ < 2/μ_max, μ the eigenvalues of A⁻¹(𝕃 ⊗ I)
///   a step: deg(i) messages of M each way, 2L² flops for the solve; A_i is factorised once
/// With matrices on the edges, A_ij (w_j − w_i) with A_ij = (A_i + A_j)/2, or the mean of all.
///
///     … ─ w_1 ── w_2 ── w_3 ─ …     rank 2 gains γ A_2⁻¹ [(w_1 − w_2) + (w_3 − w_2)]
///           └── edges ──┘           what A_2 w_2 gains from an edge, the other end loses
void zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  QuadraticNode node{comm, problem, log};
  const bool balances = problem.strategy[ZeroGradientSum::balance];
  Neighbourhood neighbours{comm, problem, node.size(), estimates, balances};
  const EdgePull edges{comm, problem, node, neighbours, edge_matrix_of(problem)};
  const double gamma = node.step([&] { return edges.safe_step(node); }, edges.kind(), 0, balances);
  const Buffer pull = make_buffer(problem, node.size());

  place(comm, problem, node);
  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    neighbours.exchange(step, node.w());
    if (node.is_due(step)) figures.disagreement = neighbours.largest_distance(node.w());
    edges.pull(node.w(), pull);
    node.move(gamma, pull);
    if (step == problem.strategy[ZeroGradientSum::disturb_at]) disturb(comm, problem, node);
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_zero_gradient_sum(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_quadratic_nodes(problem, ranks); !why.empty()) return why;
  if (problem.strategy[ZeroGradientSum::edge_matrix] == "of_ends" &&
      Graph{problem.graph, ranks}.is_directed())
    return "edge_matrix \"of_ends\" is for graphs with edges, where one end loses what the other "
           "gains; \"" +
           problem.graph.kind + "\" has arrows";
  return {};
}

}  // namespace troupe::algorithms
