#include "algorithms/gossip/d_psgd.hpp"

#include "algorithms/butterfly/graph_mixing.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

/// Decentralised parallel SGD (Lian, Zhang, Zhang, Hsieh, Zhang and Liu, NIPS 2017, algorithm 1):
///   x_i ← Σ_j W_ij x_j − η g_i(x_i),   W_ij on edges, by default 1/(1 + max(d_i, d_j)), the rest
///   on W_ii
///   a step: deg(i) messages of M each way, whatever P is · η = 0: the mean never changes, and what
///   is between the ranks shrinks by ρ a step, the second eigenvalue of W: on a ring of P
///   (1 + 2 cos(2π/P))/3, on all pairs 0
///
///     ─ x_0 ──── x_1 ──── x_2 ──── x_3 ─      x_1 ← (x_0 + x_1 + x_2)/3 − η g_1(x_1)
void d_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const auto optimiser = make_optimiser(problem, learner.size());
  const Graph graph{with_mixing_weights(problem.graph), comm.size()};
  const Buffer x = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  GraphMixer neighbours{graph, comm.rank(), x};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  initialise_replica(comm, problem, learner, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, x, weight, gradient);
    neighbours.mix(comm, x);
    optimiser->step(comm, gradient, x);
    const bool enough = reporter.report({.step = ++step}, x);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, x);
}

std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks) {
  const std::string why = refusal_of_mixing(problem.graph, ranks);
  return why.empty() ? refusal_of_learner(problem, ranks) : why;
}

}  // namespace troupe::algorithms
