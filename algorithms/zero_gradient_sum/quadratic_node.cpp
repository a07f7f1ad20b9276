#include "algorithms/zero_gradient_sum/quadratic_node.hpp"

#include "algorithms/newton.hpp"
#include "algorithms/zero_gradient_sum/step_limit.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

QuadraticNode::QuadraticNode(Communicator& comm, const TrainingProblem& problem, TrainingLog& log)
    : comm_{comm},
      problem_{problem},
      log_{log},
      shard_{problem, comm.rank(), comm.size()},
      matrix_{make_buffer(problem, size() * size())},
      factor_{make_buffer(problem, size() * size())},
      w_{make_buffer(problem, size())},
      reporter_{comm, problem, shard_.learner(), log, problem.stop.steps} {
  shard_.normal_equations(comm, matrix_, w_);
  compute(comm, Copy{factor_, matrix_});
  factorise_hessian(comm, size(), factor_);
  compute(comm, CholeskySolve{.n = size(), .factor = factor_, .b = w_});
}

void QuadraticNode::move(double gamma, Slice pull) {
  compute(comm_, CholeskySolve{.n = size(), .factor = factor_, .b = pull});
  compute(comm_, Axpy{gamma, pull, w_});
}

void QuadraticNode::displace(double size, bool on_manifold, std::uint64_t draws) {
  const auto drawn = [&](Rank rank) {
    std::vector<double> values(this->size());
    SplitMix64 stream = SplitMix64::of_rank(draws, rank);
    for (double& value : values) value = stream.uniform(-size, size);
    return values;
  };
  std::vector<double> delta = drawn(comm_.rank());
  if (on_manifold) {
    const auto next = drawn((comm_.rank() + 1) % comm_.size());
    for (std::size_t i = 0; i < delta.size(); ++i) delta[i] = (delta[i] - next[i]) / 2;
  }
  const Scratch pull{w_, this->size()};
  compute(comm_, Opaque{.reads = {},
                        .writes = {pull.all()},
                        .work = {Flops{}, Bytes{pull.all().size_bytes()}},
                        .body = [&] {
                          run_on_host(Cast{pull.all(), ConstSlice{std::span{delta}}});
                        }});
  move(1, pull.all());
}

double QuadraticNode::safe_step(double laplacian_bound) {
  const Buffer left = make_buffer(problem_, size() * size());
  const Buffer right = make_buffer(problem_, size() * size());
  const Buffer values = make_buffer(problem_, size());
  double least = 1;
  compute(comm_, Svd{size(), size(), matrix_, left, values, right});
  compute(comm_, Opaque{.reads = {values}, .writes = {}, .work = {}, .body = [&] {
                          least = to_doubles(values).back();
                        }});
  const double theta = agreed(comm_, Op::min, least);
  return laplacian_bound > 0 ? 0.9 * 2 * theta / laplacian_bound : 0;
}

double QuadraticNode::step(const std::function<double()>& safe, EdgeMatrix edge_matrix,
                           std::int64_t delay, bool balances) {
  const double stated = problem_.optimiser.rate;
  if (stated == 0) return safe();
  const std::string what = problem_.strategy[StatedStep::rate_is];
  double unit = 1;  // what rank 0 computes, all learn
  if (comm_.rank() == 0 && !problem_.phantom) {
    const auto limit = step_limit(problem_, comm_.size(), edge_matrix, delay, balances);
    if (what == "share_of_largest") unit = limit.value();
    if (what == "share_of_best") unit = best_step(problem_, comm_.size(), edge_matrix).value();
    if (what != "itself") log_.note(stated_as_share(stated, what, unit));
    if (limit && stated * unit >= *limit) log_.note(beyond_the_limit(stated * unit, *limit));
  }
  return what == "itself" ? stated : stated * agreed(comm_, Op::sum, comm_.rank() == 0 ? unit : 0);
}

bool QuadraticNode::done(const Figures& figures) {
  Figures mine = figures;
  std::vector<double> gradient;
  if (is_due(figures.step)) {
    gradient = shard_.gradient(w_);
    if (problem_.evaluate_on == "all") mine.lyapunov = shard_.divergence(w_);
  }
  const bool enough = reporter_.report(mine, w_, gradient);
  return reporter_.is_check(figures.step) && agreed(comm_, Op::min, enough) > 0;
}

std::string refusal_of_quadratic_nodes(const TrainingProblem& problem, int ranks) {
  if (problem.model.kind() != "least_squares")
    return "needs a quadratic model, least_squares; \"" + problem.model.kind() + "\" given";
  if (const std::string why = refusal_of_graph(problem.graph, ranks); !why.empty()) return why;
  if (const std::string why = refusal_of_learner(problem, ranks); !why.empty()) return why;
  const std::string what = problem.strategy[StatedStep::rate_is];
  if (what == "itself" || problem.optimiser.rate == 0) return {};
  if (ranks < 2) return "rate_is \"" + what + "\" needs two nodes";
  const bool directed = Graph{problem.graph, ranks}.is_directed();
  if (directed && what == "share_of_best")
    return "rate_is \"share_of_best\" is for graphs with edges; \"" + problem.graph.kind +
           "\" has arrows";
  const std::size_t values = static_cast<std::size_t>(ranks) * make_model(problem)->size();
  if ((directed || what == "share_of_best") && values > most_of_a_spectrum)
    return "rate_is \"" + what + "\" needs the spectrum of " + std::to_string(values) +
           " values, more than " + std::to_string(most_of_a_spectrum) + "; state the step itself";
  return {};
}

}  // namespace troupe::algorithms
