#include "algorithms/zero_gradient_sum/delayed.hpp"

#include <cmath>
#include <deque>
#include <numbers>

#include "algorithms/zero_gradient_sum/quadratic_node.hpp"

namespace troupe::algorithms {
namespace {

/// The exchange of one step, under way until somebody asks for it.
class Round {
 public:
  Round(Communicator& comm, const TrainingProblem& problem, const Neighbourhood& neighbours,
        std::int64_t step, ConstSlice w)
      : comm_{comm}, mine_{make_buffer(problem, w.size())} {
    compute(comm, Copy{mine_, w});
    for (const Neighbour& neighbour : neighbours.neighbours()) {
      const Slice room = theirs_.emplace_back(make_buffer(problem, w.size()));
      messages_.add(comm.irecv(neighbour.rank, estimates.at(step), room));
    }
    for (const Rank listener : neighbours.listeners())
      messages_.add(comm.isend(listener, estimates.at(step), mine_.slice()));
  }
  void wait() { wait_all(comm_, messages_); }
  ConstSlice mine() const { return mine_; }
  ConstSlice theirs(std::size_t j) const { return theirs_[j]; }

 private:
  Communicator& comm_;
  Buffer mine_;
  std::vector<Buffer> theirs_;
  WaitSet messages_;
};

/// The part of a safe step without delay that is safe with: of real eigenvalues the sine below; of
/// complex ones at least 1/(2d + 1), for sin(x/m) ≥ sin(x)/m.
double share_of_safe(std::int64_t delay, bool directed) {
  const double old = 2 * static_cast<double>(delay) + 1;
  return directed ? 1 / old : std::sin(std::numbers::pi / (2 * old));
}

}  // namespace

/// Zero-gradient-sum with delay d: both ends of an edge use the estimates of step k − d (before
/// step d: of step 0), so that what one gains the other still loses.
///   w_i(k+1) = w_i(k) + γ A_i⁻¹ Σ_{j ∈ N_i} a_ij (w_j(k−d) − w_i(k−d))
///   converges iff γ μ_max < 2 sin(π / (2(2d+1)))        (d = 0: 2; with arrows: step_limit.hpp)
///   a step: deg(i) messages of M, waited for d steps later: a slow network hides behind d steps
///
///     sent at     k−2    k−1     k           with d = 2
///     used at      k     k+1    k+2          the estimates of different steps are never mixed
void delayed_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                               TrainingLog& log) {
  QuadraticNode node{comm, problem, log};
  const Neighbourhood neighbours{comm, problem, node.size(), estimates};
  const std::int64_t delay = problem.strategy[Delayed::delay];
  const bool own_fresh = problem.strategy[Delayed::own_fresh];
  const double share = share_of_safe(delay, Graph{problem.graph, comm.size()}.is_directed());
  const double gamma =
      node.step([&] { return share * node.safe_step(neighbours.laplacian_bound()); },
                EdgeMatrix::none, delay);
  const Buffer pull = make_buffer(problem, node.size());
  std::deque<Round> rounds;  // the oldest in front

  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    rounds.emplace_back(comm, problem, neighbours, step, node.w());
    if (std::ssize(rounds) > delay + 1) rounds.pop_front();
    Round& old = rounds.front();
    old.wait();
    compute(comm, Fill{0, pull});
    for (std::size_t j = 0; j < neighbours.count(); ++j) {
      const double weight = neighbours.neighbours()[j].weight;
      compute(comm, Axpy{weight, old.theirs(j), pull});
      compute(comm, Axpy{-weight, own_fresh ? ConstSlice{node.w()} : old.mine(), pull});
    }
    node.move(gamma, pull);
    if (node.done(figures)) break;
  }
  for (Round& round : rounds) round.wait();
  node.finish(step);
}

}  // namespace troupe::algorithms
