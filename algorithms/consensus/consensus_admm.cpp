#include "algorithms/consensus/admm.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/zero_gradient_sum/convex_node.hpp"

namespace troupe::algorithms {

/// Global consensus ADMM (Boyd, Parikh, Chu, Peleato and Eckstein 2011, §7.1), u_i = 0 and z = 0:
///   x_i ← argmin f_i(x) + ρ/2 ‖x − z + u_i‖²          : ∇f_i(x) + ρ x = ρ (z − u_i)
///   z ← mean of x_i + u_i
///   u_i ← u_i + x_i − z
///   a step: one allreduce of M, one minimisation of f_i and a quadratic
///
///     x_1 + u_1 ─┐                ┌─ u_1 += x_1 − z
///     x_2 + u_2 ─┼─ mean = z ─────┼─ u_2 += x_2 − z
///     x_3 + u_3 ─┘                └─ u_3 += x_3 − z
void consensus_admm(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  ConvexNode node{comm, problem, log};
  const double rho = problem.strategy[Admm::penalty];
  const Problem whole = vector_of(problem, comm.size(), node.size());
  const Entry& allreduce = find_entry(Collective::allreduce, problem.collective);
  const Buffer z = make_buffer(problem, node.size()), u = make_buffer(problem, node.size()),
               target = make_buffer(problem, node.size());

  compute(comm, Fill{0, z});
  compute(comm, Fill{0, u});
  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    compute(comm, Copy{target, z});
    compute(comm, Axpy{-1, u, target});
    compute(comm, Scale{rho, target});
    node.f().solve(target, rho, node.x());
    compute(comm, Copy{z, node.x()});
    compute(comm, Reduce{Op::sum, z, u});
    allreduce.run(comm, whole, {z, z});
    compute(comm, Scale{1.0 / comm.size(), z});
    compute(comm, Axpy{1, node.x(), u});
    compute(comm, Axpy{-1, z, u});
    if (node.is_due(step)) figures.disagreement = relative_distance(node.x(), z);
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_consensus_admm(const TrainingProblem& problem, int ranks) {
  if (problem.strategy[Admm::penalty] == 0) return "needs a penalty above 0";
  if (const std::string why = refusal_of_convex_shards(problem, ranks); !why.empty()) return why;
  return refusal_of_replicas(problem, ranks);
}

}  // namespace troupe::algorithms
