#include "algorithms/consensus/gradient_tracking.hpp"

#include <utility>

namespace troupe::algorithms {

/// Gradient tracking (Xu, Zhu, Soh and Xie, CDC 2015; DIGing: Nedić, Olshevsky and Shi, SIAM J.
/// Optim. 27(4), 2017; Qu and Li, IEEE TCNS 5(3), 2018), y_i^0 = ∇f_i(x_i^0):
///   x_i^{t+1} = Σ_j W_ij x_j^t − η y_i^t
///   y_i^{t+1} = Σ_j W_ij y_j^t + ∇f_i(x_i^{t+1}) − ∇f_i(x_i^t)      so Σ_i y_i = Σ_i ∇f_i always
///   a step: deg(i) messages of 2M each way, one gradient
///   linear and exact with a constant η, where decentralised gradient descent ends beside the
///   optimum
///
///     x_1 y_1 ─── x_2 y_2 ─── x_3 y_3      both travel together; y_i tends to the mean gradient,
///                                          which nobody could compute alone
void gradient_tracking(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  MixingNode node{comm, problem, log, 2};
  const std::size_t size = node.size();
  const Buffer both = make_buffer(problem, 2 * size), mixed = make_buffer(problem, 2 * size);
  const Slice x = both.slice().first(size), y = both.slice().drop(size);
  Buffer gradient = node.make_vector(), gradient_before = node.make_vector();

  compute(comm, Copy{x, node.x()});
  node.gradient(x, gradient_before);
  compute(comm, Copy{y, gradient_before});
  node.done(0);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    ++step;
    node.mix(both, mixed);
    compute(comm, Axpy{-problem.optimiser.rate, y, mixed.slice().first(size)});
    compute(comm, Copy{both, mixed});
    node.gradient(x, gradient);
    compute(comm, Axpy{1, gradient, y});
    compute(comm, Axpy{-1, gradient_before, y});
    std::swap(gradient, gradient_before);
    compute(comm, Copy{node.x(), x});
    if (node.done(step)) break;
  }
  node.finish(step);
}

}  // namespace troupe::algorithms
