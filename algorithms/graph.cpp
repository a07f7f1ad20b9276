#include "algorithms/graph.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "algorithms/choice.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

using Edges = std::vector<std::pair<Rank, Rank>>;

const std::array<std::string, 6> kinds{"ring", "path", "complete", "star", "hypercube", "edges"};
const std::array<std::string, 2> weightings{"one", "metropolis"};

Edges edges_of(const GraphChoice& choice, int ranks) {
  expect_choice("graph", choice.kind, kinds);
  if (choice.kind == "edges") return choice.edges;
  if (choice.kind == "hypercube" && !std::has_single_bit(static_cast<unsigned>(ranks)))
    throw BadInput("a hypercube has a power of two of ranks, " + std::to_string(ranks) + " given");
  Edges edges;
  if (choice.kind == "complete") {
    for (Rank i = 0; i < ranks; ++i)
      for (Rank j = i + 1; j < ranks; ++j) edges.emplace_back(i, j);
  } else if (choice.kind == "hypercube") {
    for (Rank i = 0; i < ranks; ++i)
      for (int bit = 1; bit < ranks; bit *= 2)
        if (!(i & bit)) edges.emplace_back(i, i | bit);
  } else {
    for (Rank j = 1; j < ranks; ++j) edges.emplace_back(choice.kind == "star" ? 0 : j - 1, j);
    if (choice.kind == "ring" && ranks > 2) edges.emplace_back(0, ranks - 1);
  }
  return edges;
}

std::string name_of(Rank i, Rank j) {
  return "edge (" + std::to_string(i) + ", " + std::to_string(j) + ")";
}

}  // namespace

Graph::Graph(const GraphChoice& choice, int ranks) : neighbours_(static_cast<std::size_t>(ranks)) {
  expect_choice("weights", choice.weights, weightings);
  const auto of = [&](Rank rank) -> auto& { return neighbours_[static_cast<std::size_t>(rank)]; };
  for (const auto& [i, j] : edges_of(choice, ranks)) {
    if (i == j || std::min(i, j) < 0 || std::max(i, j) >= ranks)
      throw BadInput(name_of(i, j) + " does not join two of " + std::to_string(ranks) + " ranks");
    of(i).push_back({j});
    of(j).push_back({i});
  }
  for (Rank i = 0; i < ranks; ++i) {
    std::ranges::sort(of(i), {}, &Neighbour::rank);
    const auto twice = std::ranges::adjacent_find(of(i), {}, &Neighbour::rank);
    if (twice != of(i).end()) throw BadInput(name_of(i, twice->rank) + " is given twice");
  }
  std::vector<Rank> reached{0};
  std::vector<bool> seen(neighbours_.size(), false);
  seen[0] = true;
  for (std::size_t next = 0; next < reached.size(); ++next)
    for (const Neighbour& neighbour : of(reached[next]))
      if (auto once = seen[static_cast<std::size_t>(neighbour.rank)]; !once) {
        once = true;
        reached.push_back(neighbour.rank);
      }
  if (reached.size() < neighbours_.size())
    throw BadInput("the graph is not connected: " + std::to_string(reached.size()) + " of " +
                   std::to_string(ranks) + " ranks can be reached from rank 0");

  if (choice.weights == "metropolis")
    for (Rank i = 0; i < ranks; ++i)
      for (Neighbour& neighbour : of(i))
        neighbour.weight =
            1.0 / static_cast<double>(1 + std::max(of(i).size(), of(neighbour.rank).size()));
}

std::span<const Neighbour> Graph::neighbours(Rank rank) const {
  EXPECTS(0 <= rank && rank < size(), "a rank of the graph");
  return neighbours_[static_cast<std::size_t>(rank)];
}
double Graph::degree(Rank rank) const {
  double sum = 0;
  for (const Neighbour& neighbour : neighbours(rank)) sum += neighbour.weight;
  return sum;
}
double Graph::laplacian_bound() const {
  double bound = 0;
  for (Rank i = 0; i < size(); ++i)
    for (const Neighbour& neighbour : neighbours(i))
      bound = std::max(bound, degree(i) + degree(neighbour.rank));
  return bound;
}

}  // namespace troupe::algorithms
