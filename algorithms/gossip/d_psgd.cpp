#include "algorithms/gossip/d_psgd.hpp"

#include <algorithm>

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

namespace {

constexpr Tag estimate{0};

GraphChoice with_metropolis_weights(GraphChoice choice) {
  choice.weights = "metropolis";
  return choice;
}

}  // namespace

Mixing::Mixing(Communicator& comm, const TrainingProblem& problem, std::size_t size) : comm_{comm} {
  const Graph graph{with_metropolis_weights(problem.graph), comm.size()};
  neighbours_.assign(graph.neighbours(comm.rank()).begin(), graph.neighbours(comm.rank()).end());
  for (std::size_t j = 0; j < neighbours_.size(); ++j)
    theirs_.push_back(make_buffer(problem, size));
}

void Mixing::mix(std::int64_t step, ConstSlice x, Slice into) {
  WaitSet messages;
  for (std::size_t j = 0; j < neighbours_.size(); ++j)
    messages.add(comm_.irecv(neighbours_[j].rank, estimate.at(step), theirs_[j].slice()));
  for (const Neighbour& neighbour : neighbours_)
    messages.add(comm_.isend(neighbour.rank, estimate.at(step), x));
  wait_all(comm_, messages);
  double rest = 1;
  for (const Neighbour& neighbour : neighbours_) rest -= neighbour.weight;
  compute(comm_, Copy{into, x});
  compute(comm_, Scale{rest, into});
  for (std::size_t j = 0; j < neighbours_.size(); ++j)
    compute(comm_, Axpy{neighbours_[j].weight, theirs_[j], into});
}

std::optional<double> Mixing::largest_distance(ConstSlice x) const {
  std::optional<double> largest;
  for (const Buffer& other : theirs_) largest = std::max(largest, relative_distance(x, other));
  return largest;
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
  Mixing neighbours{comm, problem, learner.size()};
  Buffer x = make_buffer(problem, learner.size()), mixed = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    learner.gradient(comm, x, weight, gradient);
    neighbours.mix(step, x, mixed);
    if (reporter.is_due(step)) figures.disagreement = neighbours.largest_distance(x);
    optimiser->step(comm, gradient, mixed);
    std::swap(x, mixed);
    const bool enough = reporter.report(figures, x);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, x);
}

std::string refusal_of_d_psgd(const TrainingProblem& problem, int ranks) {
  try {
    const Graph graph{with_metropolis_weights(problem.graph), ranks};
  } catch (const BadInput& unusable) {
    return unusable.what();
  }
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
