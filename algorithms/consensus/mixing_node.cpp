#include "algorithms/consensus/mixing_node.hpp"

#include "algorithms/butterfly/graph_mixing.hpp"
#include "algorithms/convex_shard.hpp"
#include "algorithms/models/off_the_clock.hpp"

namespace troupe::algorithms {
namespace {

TrainingProblem mixing(TrainingProblem problem) {
  problem.graph = with_mixing_weights(problem.graph);
  return problem;
}

}  // namespace

MixingNode::MixingNode(Communicator& comm, const TrainingProblem& problem, TrainingLog& log,
                       std::size_t vectors)
    : comm_{comm},
      problem_{problem},
      learner_{problem, comm.rank(), comm.size()},
      weight_{learner_.share() * comm.size()},
      neighbours_{comm, mixing(problem), vectors * learner_.size(), estimates},
      x_{make_buffer(problem, learner_.size())},
      reporter_{comm, problem, learner_, log, problem.stop.steps} {
  learner_.initialise(comm, x_);
  if (problem.strategy[MixingStart::start] == "initial") return;
  const Buffer zero = make_vector();
  compute(comm, Fill{0, zero});
  ConvexShard{comm, problem, comm.rank(), comm.size()}.solve(zero, 0, x_);
}

void MixingNode::gradient(ConstSlice x, Slice into) { learner_.gradient(comm_, x, weight_, into); }

void MixingNode::mix(ConstSlice mine, Slice into) {
  neighbours_.exchange(++exchanges_, mine);
  neighbours_.differences(mine, into);
  compute(comm_, Axpy{1, mine, into});
}

bool MixingNode::done(std::int64_t step) {
  std::vector<double> gradient;
  if (reporter_.is_due(step) && !problem_.phantom) {
    OffTheClock alone;
    const Buffer slope = make_vector();
    learner_.model().gradient(alone, x_, learner_.whole(), weight_, slope);
    gradient = to_doubles(slope);
  }
  const bool enough = reporter_.report({.step = step}, x_, gradient);
  return reporter_.is_check(step) && agreed(comm_, Op::min, enough) > 0;
}

std::string refusal_of_mixing_nodes(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_mixing(problem.graph, ranks); !why.empty()) return why;
  if (problem.strategy[MixingStart::start] == "local_optima")
    return refusal_of_convex_shards(problem, ranks);
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
