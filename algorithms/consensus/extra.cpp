#include "algorithms/consensus/extra.hpp"

#include <utility>

namespace troupe::algorithms {

/// EXTRA (Shi, Ling, Wu and Yin, SIAM J. Optim. 25(2), 2015), W̃ = (I + W)/2:
///   x^1 = W x^0 − η ∇f(x^0)
///   x^{k+2} = x^{k+1} + W x^{k+1} − W̃ x^k − η [∇f(x^{k+1}) − ∇f(x^k)]
///   a step: deg(i) messages of M each way, one gradient: W x^k is kept from the step before
///   linear and exact for strongly convex f_i, from any x^0
///
///     step k      x^k, W x^k, ∇f(x^k)  ──┐      the differences of two steps vanish at the
///     step k+1    x^{k+1}, …           ──┴──►   optimum, where the gradients themselves do not
void extra(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  MixingNode node{comm, problem, log};
  const double rate = problem.optimiser.rate;
  Buffer mixed = node.make_vector(), mixed_before = node.make_vector();
  Buffer gradient = node.make_vector(), gradient_before = node.make_vector();
  const Buffer before = node.make_vector(), next = node.make_vector();

  node.done(0);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    ++step;
    node.gradient(node.x(), gradient);
    node.mix(node.x(), mixed);
    compute(comm, Copy{next, mixed});
    compute(comm, Axpy{-rate, gradient, next});
    if (step > 1) {
      compute(comm, Axpy{1, node.x(), next});
      compute(comm, Axpy{-0.5, before, next});
      compute(comm, Axpy{-0.5, mixed_before, next});
      compute(comm, Axpy{rate, gradient_before, next});
    }
    compute(comm, Copy{before, node.x()});
    compute(comm, Copy{node.x(), next});
    std::swap(mixed, mixed_before);
    std::swap(gradient, gradient_before);
    if (node.done(step)) break;
  }
  node.finish(step);
}

}  // namespace troupe::algorithms
