#include "algorithms/gossip/incremental_gradient.hpp"

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag model{0};

}  // namespace

/// Incremental gradient descent (Nedić and Bertsekas, SIAM J. Optim. 12(1), 2001): the model walks
/// round the ring, and each rank moves it along the gradient of its own samples.
///   at rank r:  x ← x − η g_r(x),  then to rank r + 1
///   a step: P gradients one after the other · 1 message of M a rank
///   with a constant rate it ends in an orbit around the optimum, whose size falls with the rate
///
///     ┌─▶ rank 0  x − ηg_0 ──▶ rank 1  x − ηg_1 ──▶ rank 2  x − ηg_2 ─┐
///     └───────────────────────────────────────────────────────────────┘
void incremental_gradient(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const int n = comm.size();
  const Rank me = comm.rank(), next = (me + 1) % n, before = (me + n - 1) % n;
  Learner learner{problem, me, n};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer x = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    if (me > 0) receive(comm, before, model, x.slice());
    learner.gradient(comm, x, learner.share() * n, gradient);
    optimiser->step(comm, gradient, x);
    send(comm, next, model, x.slice());
    if (me == 0) receive(comm, before, model, x.slice());
    const bool enough = reporter.report({.step = ++step}, x);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, x);
}

std::string refusal_of_incremental_gradient(const TrainingProblem& problem, int ranks) {
  if (ranks < 2) return "needs two ranks, to walk; " + std::to_string(ranks) + " given";
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
