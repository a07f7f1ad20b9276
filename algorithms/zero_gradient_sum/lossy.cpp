#include "algorithms/zero_gradient_sum/lossy.hpp"

#include <algorithm>

#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

/// Who loses what, known to both ends of an edge.
class Losses {
 public:
  Losses(const TrainingProblem& problem, int ranks)
      : seed_{problem.seed},
        probability_{problem.strategy[Lossy::loss_probability]},
        pairs_{problem.strategy[Lossy::lost] == "pairs"},
        ranks_{ranks} {}
  /// True if what `from` sent `to` at a step is lost.
  bool lost(Rank from, Rank to, std::int64_t step) const {
    if (pairs_ && from > to) std::swap(from, to);
    const auto of_step = SplitMix64::finalised(seed_ ^ static_cast<std::uint64_t>(step));
    return SplitMix64::of_rank(of_step, from * ranks_ + to).u01() < probability_;
  }

 private:
  std::uint64_t seed_;
  double probability_;
  bool pairs_;
  int ranks_;
};

}  // namespace

/// Zero-gradient-sum over a network that loses messages.
///   w_i ← w_i + γ A_i⁻¹ Σ_{j ∈ N_i, not lost} a_ij (w_j − w_i)
///   a step: deg(i) messages of M, of which some arrive
///
///     1 ──────► 2     a lost pair: neither end moves along the edge, Σ ∇f_i stays zero, and the
///     1 ◄──x─── 2     run takes longer; a lost message: one end moves, the other does not, and the
///                     run ends elsewhere. So an exchange over an edge must be atomic.
void lossy_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  QuadraticNode node{comm, problem, log};
  Neighbourhood neighbours{comm, problem, node.size(), estimates};
  const double gamma = node.step([&] { return node.safe_step(neighbours.laplacian_bound()); });
  const Losses losses{problem, comm.size()};
  const Buffer pull = make_buffer(problem, node.size());

  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    neighbours.exchange(step, node.w());
    if (node.is_due(step)) figures.disagreement = neighbours.largest_distance(node.w());
    compute(comm, Fill{0, pull});
    for (std::size_t j = 0; j < neighbours.count(); ++j)
      if (!losses.lost(neighbours.neighbours()[j].rank, comm.rank(), step))
        neighbours.add_difference(j, node.w(), pull);
    node.move(gamma, pull);
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_lossy(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_quadratic_nodes(problem, ranks); !why.empty()) return why;
  if (problem.strategy[Lossy::lost] == "pairs" && Graph{problem.graph, ranks}.is_directed())
    return "pairs of messages are lost on graphs with edges; \"" + problem.graph.kind +
           "\" has arrows, set lost to \"messages\"";
  return {};
}

}  // namespace troupe::algorithms
