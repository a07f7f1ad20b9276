#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"

#include <algorithm>
#include <vector>

#include "algorithms/graph.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag state{0};

using Neighbours = std::span<const Neighbour>;

/// This rank's; the graph itself is not kept, since every rank would have one.
std::vector<Neighbour> neighbours_of(const GraphChoice& choice, const Communicator& comm) {
  const Graph graph{choice, comm.size()};
  const Neighbours mine = graph.neighbours(comm.rank());
  return {mine.begin(), mine.end()};
}

/// Gives w to all neighbours and takes theirs.
void exchange_with(Communicator& comm, Neighbours neighbours, std::int64_t step, Slice w,
                   std::span<const Buffer> theirs) {
  WaitSet messages;
  for (std::size_t j = 0; j < neighbours.size(); ++j) {
    messages.add(comm.irecv(neighbours[j].rank, state.at(step), theirs[j].slice()));
    messages.add(comm.isend(neighbours[j].rank, state.at(step), w));
  }
  wait_all(comm, messages);
}

/// into = Σ_j a_j (w_j − w), in the order of the neighbours
void sum_of_differences(Communicator& comm, Neighbours neighbours, ConstSlice w,
                        std::span<const Buffer> theirs, Slice into) {
  compute(comm, Fill{0, into});
  for (std::size_t j = 0; j < neighbours.size(); ++j) {
    compute(comm, Axpy{neighbours[j].weight, theirs[j], into});
    compute(comm, Axpy{-neighbours[j].weight, w, into});
  }
}

std::optional<double> largest_distance(ConstSlice w, std::span<const Buffer> theirs) {
  std::optional<double> largest;
  for (const Buffer& other : theirs) largest = std::max(largest, relative_distance(w, other));
  return largest;
}

/// γ = 0.9 · 2θ/λ: below 2/μ_max, the exact limit (sufficient: μ_max ≤ λmax(𝕃)/θ). θ is the
/// least singular value of all A_i; a phantom A_i counts as 1.
double safe_step(Communicator& comm, const TrainingProblem& problem, ConstSlice matrix,
                 std::size_t size) {
  const Buffer left = make_buffer(problem, size * size), right = make_buffer(problem, size * size);
  const Buffer values = make_buffer(problem, size);
  double least = 1;
  compute(comm, Svd{size, size, matrix, left, values, right});
  compute(comm, Opaque{.reads = {values}, .writes = {}, .work = {}, .body = [&] {
                         least = to_doubles(values).back();
                       }});
  const double theta = agreed(comm, Op::min, least);
  const double bound = Graph{problem.graph, comm.size()}.laplacian_bound();
  return bound > 0 ? 0.9 * 2 * theta / bound : 0;
}

}  // namespace

/// Zero-gradient-sum on quadratics (Lu and Tang, IEEE TAC 57(9), 2012; in discrete time for
/// least squares: Ai, Chen and Xie 2016), f_i(w) = ½ wᵀA_i w − b_iᵀw:
///   w_i ← A_i⁻¹ b_i                                        the local optimum: every ∇f_i is zero
///   w_i ← w_i + γ A_i⁻¹ Σ_{j ∈ N_i} a_ij (w_j − w_i)       so that Σ_i ∇f_i(w_i) stays zero
///   converges iff γ < 2/μ_max, μ the eigenvalues of A⁻¹(𝕃 ⊗ I)
///   a step: deg(i) messages of M each way, 2L² flops for the solve; A_i is factorised once
///
///     … ─ w_1 ── w_2 ── w_3 ─ …     rank 2 gains γ A_2⁻¹ [(w_1 − w_2) + (w_3 − w_2)]
///           └── edges ──┘           what A_2 w_2 gains from an edge, the other end loses
void zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const std::vector<Neighbour> neighbours = neighbours_of(problem.graph, comm);
  QuadraticShard shard{problem, comm.rank(), comm.size()};
  const std::size_t size = shard.size();
  const Buffer matrix = make_buffer(problem, size * size);
  const Buffer w = make_buffer(problem, size), pull = make_buffer(problem, size);
  std::vector<Buffer> theirs;
  for (std::size_t j = 0; j < neighbours.size(); ++j) theirs.push_back(make_buffer(problem, size));
  Reporter reporter{comm, problem, shard.learner(), log, problem.stop.steps};

  shard.normal_equations(comm, matrix, w);
  const double rate = problem.optimiser.rate;
  const double gamma = rate > 0 ? rate : safe_step(comm, problem, matrix, size);
  compute(comm, Cholesky{size, matrix});
  compute(comm, CholeskySolve{.n = size, .factor = matrix, .b = w});
  const auto report = [&](const Figures& figures) {
    if (!reporter.is_due(figures.step)) return reporter.report(figures, w);
    return reporter.report(figures, w, shard.gradient(w));
  };
  report({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    exchange_with(comm, neighbours, step, w, theirs);
    if (reporter.is_due(step)) figures.disagreement = largest_distance(w, theirs);
    sum_of_differences(comm, neighbours, w, theirs, pull);
    compute(comm, CholeskySolve{.n = size, .factor = matrix, .b = pull});
    compute(comm, Axpy{gamma, pull, w});
    const bool enough = report(figures);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, w);
}

std::string refusal_of_zero_gradient_sum(const TrainingProblem& problem, int ranks) {
  if (problem.model.kind() != "least_squares")
    return "needs the Hessian of a quadratic model, least_squares; \"" + problem.model.kind() +
           "\" given";
  try {
    const Graph graph{problem.graph, ranks};
  } catch (const BadInput& error) {
    return error.what();
  }
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
