#include "algorithms/zero_gradient_sum/convex_node.hpp"

#include "algorithms/zero_gradient_sum/step_limit.hpp"

namespace troupe::algorithms {

ConvexNode::ConvexNode(Communicator& comm, const TrainingProblem& problem, TrainingLog& log)
    : comm_{comm},
      problem_{problem},
      log_{log},
      shard_{comm, problem, comm.rank(), comm.size()},
      x_{make_buffer(problem, shard_.size())},
      reporter_{comm, problem, shard_.learner(), log, problem.stop.steps} {
  const Buffer zero = make_buffer(problem, shard_.size());
  compute(comm, Fill{0, zero});
  shard_.learner().initialise(comm, x_);
  shard_.solve(zero, 0, x_);
}

double ConvexNode::step(const Neighbourhood& neighbours, double reach, bool bounded) {
  const double stated = problem_.optimiser.rate;
  const double theta = agreed(comm_, Op::min, shard_.convexity());
  const double laplacian = neighbours.laplacian_bound();
  const double limit = laplacian > 0 ? reach * 2 * theta / laplacian : 0;
  if (stated == 0) return 0.9 * limit;
  if (bounded && limit > 0 && stated >= limit && comm_.rank() == 0 && !problem_.phantom)
    log_.note(beyond_certainty(stated, limit));
  return stated;
}

bool ConvexNode::done(const Figures& figures) {
  Figures mine = figures;
  std::vector<double> gradient;
  if (is_due(figures.step)) {
    gradient = shard_.gradient(x_);
    if (problem_.evaluate_on == "all") mine.lyapunov = shard_.divergence(x_);
  }
  const bool enough = reporter_.report(mine, x_, gradient);
  return reporter_.is_check(figures.step) && agreed(comm_, Op::min, enough) > 0;
}

std::string refusal_of_convex_nodes(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_graph(problem.graph, ranks); !why.empty()) return why;
  return refusal_of_convex_shards(problem, ranks);
}

}  // namespace troupe::algorithms
