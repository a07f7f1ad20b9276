#include "algorithms/zero_gradient_sum/pairwise_equalising.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "algorithms/butterfly/butterfly_mixing.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "algorithms/zero_gradient_sum/triangle.hpp"

namespace troupe::algorithms {
namespace {

/// Whom a rank meets at which step; nobody, where it is another pair's turn.
class Meetings {
 public:
  Meetings(const TrainingProblem& problem, int ranks)
      : ranks_{ranks}, butterfly_{problem.strategy[PairwiseEqualising::order] == "butterfly"} {
    if (butterfly_) return;
    const Graph graph{problem.graph, ranks};
    for (Rank i = 0; i < ranks; ++i)
      for (const Neighbour& j : graph.neighbours(i))
        if (i < j.rank) edges_.emplace_back(i, j.rank);
  }
  std::optional<Rank> partner(Rank rank, std::int64_t step) const {
    if (butterfly_) return butterfly_partner(rank, step - 1, ranks_);
    if (edges_.empty()) return std::nullopt;
    const auto& [i, j] = edges_[static_cast<std::size_t>(step - 1) % edges_.size()];
    if (rank == i) return j;
    return rank == j ? std::optional{i} : std::nullopt;
  }
  /// All partners a rank has at some time, in rising order.
  std::vector<Rank> partners(Rank rank) const {
    std::vector<Rank> all;
    if (butterfly_)
      for (Rank bit = 1; bit < ranks_; bit *= 2) all.push_back(rank ^ bit);
    for (const auto& [i, j] : edges_)
      if (i == rank || j == rank) all.push_back(i == rank ? j : i);
    std::ranges::sort(all);
    return all;
  }

 private:
  int ranks_;
  bool butterfly_;
  std::vector<std::pair<Rank, Rank>> edges_;
};

/// The factors of A_i + A_j by partner, after one exchange of triangles with each. Both ends add
/// in the same order, so that they have the same bits.
std::map<Rank, Buffer> factors_of_sums(Communicator& comm, const TrainingProblem& problem,
                                       const QuadraticNode& node,
                                       const std::vector<Rank>& partners) {
  const std::size_t size = node.size();
  const Buffer mine = make_buffer(problem, triangle(size));
  pack_triangle(comm, node.matrix(), mine);
  std::vector<Buffer> theirs;
  WaitSet messages;
  for (const Rank partner : partners) {
    const Slice room = theirs.emplace_back(make_buffer(problem, triangle(size)));
    messages.add(comm.irecv(partner, matrices_tag, room));
    messages.add(comm.isend(partner, matrices_tag, mine.slice()));
  }
  wait_all(comm, messages);
  std::map<Rank, Buffer> factors;
  for (std::size_t j = 0; j < partners.size(); ++j) {
    Buffer sum = make_buffer(problem, size * size);
    unpack_triangle(comm, theirs[j], 1, sum);
    compute(comm, Reduce{Op::sum, sum, node.matrix()});
    compute(comm, Cholesky{size, sum});
    factors.emplace(partners[j], std::move(sum));
  }
  return factors;
}

}  // namespace

/// Pairwise equalising (Lu, Tang, Regier and Bow 2010, arXiv 1002.2283): two nodes set both their
/// estimates to the z with ∇f_i(z) + ∇f_j(z) = ∇f_i(w_i) + ∇f_j(w_j), so that Σ ∇f_i stays zero;
/// on quadratics
///   w_i, w_j ← (A_i + A_j)⁻¹ (A_i w_i + A_j w_j)
///   start: one message of L(L+1)/2 values to each partner · a meeting: one message of M each way
///   no step size; Lyapunov's function falls at every meeting of two that differ
///
///     w_1   w_2   w_3            z     z     w_3        where A_i = A_j it is the mean of two:
///       ╲   ╱             then         ╲   ╱            butterfly mixing is the case of equal
///         z                              z'             Hessians
void pairwise_equalising(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  QuadraticNode node{comm, problem, log};
  const std::size_t size = node.size();
  const Meetings meetings{problem, comm.size()};
  const auto factors = factors_of_sums(comm, problem, node, meetings.partners(comm.rank()));
  const Buffer weighted = make_buffer(problem, size), theirs = make_buffer(problem, size);

  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    if (const auto partner = meetings.partner(comm.rank(), step)) {
      compute(comm,
              Gemm{.m = size, .n = 1, .k = size, .a = node.matrix(), .b = node.w(), .c = weighted});
      exchange(comm, estimates.at(step), weighted.slice(), *partner, theirs.slice(), *partner);
      compute(comm, Reduce{Op::sum, weighted, theirs});
      compute(comm, CholeskySolve{.n = size, .factor = factors.at(*partner), .b = weighted});
      if (node.is_due(step)) figures.disagreement = relative_distance(node.w(), weighted);
      compute(comm, Copy{node.w(), weighted});
    }
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_pairwise_equalising(const TrainingProblem& problem, int ranks) {
  const bool butterfly = problem.strategy[PairwiseEqualising::order] == "butterfly";
  if (butterfly && (ranks < 2 || !std::has_single_bit(static_cast<unsigned>(ranks))))
    return "a butterfly needs a power of two of ranks, " + std::to_string(ranks) + " given";
  if (const std::string why = refusal_of_quadratic_nodes(problem, ranks); !why.empty()) return why;
  if (!butterfly && Graph{problem.graph, ranks}.is_directed())
    return "pairs meet over edges; \"" + problem.graph.kind + "\" has arrows";
  return {};
}

}  // namespace troupe::algorithms
