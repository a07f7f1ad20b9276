#include "algorithms/gossip/sgp.hpp"

#include "algorithms/gossip/push_sum.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/neighbourhood.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

bool is_on_graph(const TrainingProblem& problem) { return problem.strategy[Sgp::peers] == "graph"; }

}  // namespace

/// Stochastic gradient push (Assran, Loizou, Ballas and Rabbat, ICML 2019, algorithm 1):
///   u_i ← u_i − η g_i(z_i);   u_i ← Σ_j A_ij u_j;   v_i ← Σ_j A_ij v_j;   z_i ← u_i / v_i
///   A_ij = 1 / (1 + those who hear j): a rank need only know whom it tells
///   a step: 1 message of M and one value a rank on the exponential graph; one to each listener on
///   others · η = 0 on the exponential graph: the exact mean after log2 P steps, P a power of two
///
///     k = 0   0 → 1 → 2 → 3 → 0        k = 1   0 → 2 → 0,  1 → 3 → 1        k = 2   as k = 0
void sgp(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer z = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  const PushPeers always = is_on_graph(problem)
                               ? graph_peers(Graph{problem.graph, comm.size()}, comm.rank())
                               : PushPeers{};
  PushSum sum{comm, problem, learner.size(), is_on_graph(problem) ? always.from.size() : 1};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  initialise_replica(comm, problem, learner, z);
  compute(comm, Copy{sum.u(), z});
  reporter.report({}, z);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, z, weight, gradient);
    optimiser->step(comm, gradient, sum.u());
    sum.push(step,
             is_on_graph(problem) ? always : exponential_peers(comm.rank(), step, comm.size()));
    sum.estimate(z);
    const bool enough = reporter.report({.step = ++step}, z);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, z);
}

std::string refusal_of_sgp(const TrainingProblem& problem, int ranks) {
  if (ranks < 2) return "needs two ranks, somebody to tell; " + std::to_string(ranks) + " given";
  if (is_on_graph(problem))
    if (const std::string why = refusal_of_graph(problem.graph, ranks); !why.empty()) return why;
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
