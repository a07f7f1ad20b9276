#include "algorithms/gossip/d_psgd.hpp"

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

void mix(Communicator& comm, Neighbourhood& neighbours, std::int64_t step, ConstSlice x,
         Slice into) {
  neighbours.exchange(step, x);
  neighbours.differences(x, into);
  compute(comm, Axpy{1, x, into});
}

TrainingProblem with_metropolis_weights(TrainingProblem problem) {
  problem.graph.weights = "metropolis";
  return problem;
}

/// Decentralised parallel SGD (Lian, Zhang, Zhang, Hsieh, Zhang and Liu, NIPS 2017, algorithm 1):
///   x_i ← Σ_j W_ij x_j − η g_i(x_i),   W_ij = 1/(1 + max(d_i, d_j)) on edges, the rest on W_ii
///   a step: deg(i) messages of M each way, whatever P is · η = 0: the mean never changes, and what
///   is between the ranks shrinks by ρ a step, the second eigenvalue of W: on a ring of P
///   (1 + 2 cos(2π/P))/3, on all pairs 0
///
///     ─ x_0 ──── x_1 ──── x_2 ──── x_3 ─      x_1 ← (x_0 + x_1 + x_2)/3 − η g_1(x_1)
void d_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const auto optimiser = make_optimiser(problem, learner.size());
  Neighbourhood neighbours{comm, with_metropolis_weights(problem), learner.size(), estimates};
  Buffer x = make_buffer(problem, learner.size()), mixed = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    learner.gradient(comm, x, weight, gradient);
    mix(comm, neighbours, step, x, mixed);
    if (reporter.is_due(step)) figures.disagreement = neighbours.largest_distance(x);
    optimiser->step(comm, gradient, mixed);
    std::swap(x, mixed);
    const bool enough = reporter.report(figures, x);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, x);
}

std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_graph(with_metropolis_weights(problem).graph, ranks);
      !why.empty())
    return why;
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
