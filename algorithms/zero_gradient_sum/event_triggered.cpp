#include "algorithms/zero_gradient_sum/event_triggered.hpp"

#include <cmath>

#include "algorithms/zero_gradient_sum/quadratic_node.hpp"

namespace troupe::algorithms {
namespace {

/// True if w is at least so far from what was said last; always true of sizes without values.
bool has_news(Communicator& comm, ConstSlice w, ConstSlice said, double threshold) {
  bool news = true;
  compute(comm, Opaque{.reads = {w, said},
                       .writes = {},
                       .work = {Flops{3.0 * static_cast<double>(w.size())},
                                Bytes{w.size_bytes() + said.size_bytes()}},
                       .body = [&] {
                         const auto x = to_doubles(w), y = to_doubles(said);
                         double squares = 0;
                         for (std::size_t i = 0; i < x.size(); ++i)
                           squares += (x[i] - y[i]) * (x[i] - y[i]);
                         news = std::sqrt(squares) >= threshold;
                       }});
  return news;
}

}  // namespace

/// Event-triggered zero-gradient-sum (on digraphs: Chen and Ren, Automatica 65, 2016). With ŵ_i
/// what node i said last,
///   if ‖w_i − ŵ_i‖ ≥ c α^k:  ŵ_i ← w_i, told to all neighbours
///   w_i ← w_i + γ A_i⁻¹ Σ_{j ∈ N_i} a_ij (ŵ_j − ŵ_i)     ŵ on both ends, or Σ ∇f_i would not stay
///   a step: deg(i) messages of M if there is news, else of no bytes
///
///     w_1 ·····•····        a node that hears an empty message goes on with what it heard last;
///     ŵ_1 ──────┐           the empty message stands for a round of a common clock, in which real
///               └───        event-triggered networks send nothing
void event_triggered_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                                       TrainingLog& log) {
  QuadraticNode node{comm, problem, log};
  Neighbourhood neighbours{comm, problem, node.size(), estimates};
  const double gamma = node.step([&] { return node.safe_step(neighbours.laplacian_bound()); });
  const Buffer said = make_buffer(problem, node.size()), pull = make_buffer(problem, node.size());
  double threshold = problem.strategy[EventTriggered::threshold];

  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    const bool speaks = step == 1 || has_news(comm, node.w(), said, threshold);
    if (speaks) compute(comm, Copy{said, node.w()});
    neighbours.exchange(step, said.slice().first(speaks ? node.size() : 0));
    if (node.is_due(step)) figures.disagreement = neighbours.largest_distance(node.w());
    neighbours.differences(said, pull);
    node.move(gamma, pull);
    threshold *= problem.strategy[EventTriggered::threshold_decay];
    if (node.done(figures)) break;
  }
  node.finish(step);
}

}  // namespace troupe::algorithms
