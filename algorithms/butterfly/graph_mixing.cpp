#include "algorithms/butterfly/graph_mixing.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms {
namespace {

constexpr Tag mixed{0};

}  // namespace

double mixing_factor(const Graph& graph) {
  const auto n = static_cast<std::size_t>(graph.size());
  std::vector<double> matrix(n * n, -1 / static_cast<double>(n));
  for (Rank rank = 0; rank < graph.size(); ++rank) {
    const auto i = static_cast<std::size_t>(rank);
    matrix[i * n + i] += 1 - graph.degree(rank);
    for (const Neighbour& other : graph.neighbours(rank))
      matrix[i * n + static_cast<std::size_t>(other.rank)] += other.weight;
  }
  std::vector<double> u(n * n), s(n), v(n * n);
  run_on_host(Svd{.m = n,
                  .n = n,
                  .a = std::span{matrix},
                  .u = std::span{u},
                  .s = std::span{s},
                  .v = std::span{v}});
  return n > 1 ? s[0] : 0;
}

std::int64_t rounds_for(double tolerance, double factor) {
  EXPECTS(0 < tolerance && tolerance < 1 && 0 <= factor && factor < 1,
          "disagreement falls to a part of itself");
  if (factor <= tolerance) return 1;
  return static_cast<std::int64_t>(std::ceil(std::log(tolerance) / std::log(factor)));
}

std::string refusal_of_weights(const Graph& graph) {
  for (Rank rank = 0; rank < graph.size(); ++rank)
    if (graph.degree(rank) > 1 - 1e-12 && graph.size() > 1)
      return "the weights of rank " + std::to_string(rank) + "'s neighbours sum to " +
             std::to_string(graph.degree(rank)) +
             " and leave nothing of its own; weights \"metropolis\" do";
  return {};
}

std::string refusal_of_mixing(const GraphChoice& choice, int ranks) {
  try {
    const Graph graph{with_mixing_weights(choice), ranks};
    if (graph.is_directed())
      return "a symmetric mixing matrix needs edges; \"" + choice.kind + "\" has arrows";
    return refusal_of_weights(graph);
  } catch (const BadInput& unusable) {
    return unusable.what();
  }
}

GraphMixer::GraphMixer(const Graph& graph, Rank rank, ConstSlice like)
    : neighbours_{graph.neighbours(rank)},
      own_{1 - graph.degree(rank)},
      size_{like.size()},
      rooms_{like, like.size() * std::max<std::size_t>(1, neighbours_.size())} {}

void GraphMixer::mix(Communicator& comm, Slice x) {
  WaitSet messages;
  const auto room = [this](std::size_t i) { return rooms_.all().subslice(i * size_, size_); };
  for (std::size_t i = 0; i < neighbours_.size(); ++i) {
    messages.add(comm.irecv(neighbours_[i].rank, mixed, room(i)));
    messages.add(comm.isend(neighbours_[i].rank, mixed, x));
  }
  wait_all(comm, messages);
  compute(comm, Scale{own_, x});
  for (std::size_t i = 0; i < neighbours_.size(); ++i)
    compute(comm, Axpy{neighbours_[i].weight, room(i), x});
}

}  // namespace troupe::algorithms
