#include "algorithms/consensus/gradient_descent.hpp"

#include <cmath>

namespace troupe::algorithms {

/// Decentralised gradient descent (Nedić and Ozdaglar, IEEE TAC 54(1), 2009):
///   x_i ← Σ_j W_ij x_j − η ∇f_i(x_i)
///   a step: deg(i) messages of M each way, one gradient
///   constant η: linear to an O(η) neighbourhood, for at the optimum of the sum the ∇f_i are not 0
///
///     x_1 ──┐                              where averaging and one's own gradient pull against
///     x_2 ──┼─ Σ W_2j x_j ── − η∇f_2 ──► x_2      each other, they balance beside the optimum
///     x_3 ──┘
void decentralised_gradient_descent(Communicator& comm, const TrainingProblem& problem,
                                    TrainingLog& log) {
  MixingNode node{comm, problem, log};
  const Buffer gradient = node.make_vector(), mixed = node.make_vector();
  const bool diminishing = problem.strategy[DecentralisedGradientDescent::diminishing];

  node.done(0);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    ++step;
    const double rate =
        problem.optimiser.rate / (diminishing ? std::sqrt(static_cast<double>(step)) : 1);
    node.gradient(node.x(), gradient);
    node.mix(node.x(), mixed);
    compute(comm, Copy{node.x(), mixed});
    compute(comm, Axpy{-rate, gradient, node.x()});
    if (node.done(step)) break;
  }
  node.finish(step);
}

}  // namespace troupe::algorithms
