#include "algorithms/graph.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "algorithms/choice.hpp"
#include "core/errors.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

using Edges = std::vector<std::pair<Rank, Rank>>;

void expect_name(std::string_view what, const std::string& name,
                 std::span<const std::string_view> known) {
  expect_choice(what, name, std::vector<std::string>{known.begin(), known.end()});
}

Edges ring_of(int ranks) {
  Edges edges;
  for (Rank j = 1; j < ranks; ++j) edges.emplace_back(j - 1, j);
  if (ranks > 2) edges.emplace_back(0, ranks - 1);
  return edges;
}

Edges torus_of(int ranks) {
  int rows = static_cast<int>(std::sqrt(ranks));
  while (ranks % rows) --rows;
  const int columns = ranks / rows;
  Edges edges;
  for (int row = 0; row < rows; ++row)
    for (const auto& [i, j] : ring_of(columns))
      edges.emplace_back(row * columns + i, row * columns + j);
  for (int column = 0; column < columns; ++column)
    for (const auto& [i, j] : ring_of(rows))
      edges.emplace_back(i * columns + column, j * columns + column);
  return edges;
}

Edges pairs_of(int ranks, double probability, std::uint64_t seed) {
  SplitMix64 draws{seed};
  Edges edges;
  for (Rank i = 0; i < ranks; ++i)
    for (Rank j = i + 1; j < ranks; ++j)
      if (draws.u01() < probability) edges.emplace_back(i, j);
  return edges;
}

Edges edges_of(const GraphChoice& choice, int ranks) {
  const std::string& kind = choice.kind;
  expect_name("graph", kind, graph_kinds);
  if (kind == "edges" || kind == "arrows") return choice.edges;
  if (kind == "ring") return ring_of(ranks);
  if (kind == "torus") return torus_of(ranks);
  if (kind == "complete") return pairs_of(ranks, 1, 0);
  if (kind == "random") return pairs_of(ranks, choice.probability, choice.seed);
  Edges edges;
  if (kind == "hypercube") {
    if (!std::has_single_bit(static_cast<unsigned>(ranks)))
      throw BadInput("a hypercube has a power of two of ranks, " + std::to_string(ranks) +
                     " given");
    for (Rank i = 0; i < ranks; ++i)
      for (int bit = 1; bit < ranks; bit *= 2)
        if (!(i & bit)) edges.emplace_back(i, i | bit);
  } else {
    for (Rank j = 1; j < ranks; ++j) edges.emplace_back(kind == "star" ? 0 : j - 1, j);
    if (kind == "directed_ring" && ranks > 1) edges.emplace_back(ranks - 1, 0);
  }
  return edges;
}

/// Those that are listed: one for each edge, above 0.
void expect_weights(const GraphChoice& choice) {
  if (choice.weights != "one")
    throw BadInput("weights are listed, or \"" + choice.weights + "\", not both");
  if (choice.edge_weights.size() != choice.edges.size())
    throw BadInput(std::to_string(choice.edge_weights.size()) + " weights are listed for " +
                   std::to_string(choice.edges.size()) + " edges");
  for (const double weight : choice.edge_weights)
    if (!(weight > 0))
      throw BadInput("the weight of an edge is above 0, " + std::to_string(weight) + " given");
}

std::string name_of(std::string_view what, Rank i, Rank j) {
  return std::string{what} + " (" + std::to_string(i) + ", " + std::to_string(j) + ")";
}

double sum_of(std::span<const Neighbour> neighbours) {
  double sum = 0;
  for (const Neighbour& neighbour : neighbours) sum += neighbour.weight;
  return sum;
}

}  // namespace

Graph::Graph(const GraphChoice& choice, int ranks)
    : directed_{choice.kind == "directed_ring" || choice.kind == "arrows"},
      neighbours_(static_cast<std::size_t>(ranks)),
      listeners_(neighbours_.size()) {
  expect_name("weights", choice.weights, graph_weights);
  if (directed_ && choice.weights != "one")
    throw BadInput(choice.weights + " weights are for graphs with edges; \"" + choice.kind +
                   "\" has arrows");
  if (!choice.edge_weights.empty()) expect_weights(choice);
  const std::string_view what = directed_ ? "arrow" : "edge";
  const auto at = [](Lists & lists, Rank rank) -> auto& {
    return lists[static_cast<std::size_t>(rank)];
  };
  std::size_t listed = 0;
  for (const auto& [i, j] : edges_of(choice, ranks)) {
    const double weight = choice.edge_weights.empty() ? 1 : choice.edge_weights[listed++];
    if (i == j || std::min(i, j) < 0 || std::max(i, j) >= ranks)
      throw BadInput(name_of(what, i, j) + " does not join two of " + std::to_string(ranks) +
                     " ranks");
    at(neighbours_, j).push_back({i, weight});
    at(listeners_, i).push_back({j, weight});
    if (directed_) continue;
    at(neighbours_, i).push_back({j, weight});
    at(listeners_, j).push_back({i, weight});
  }
  for (Rank i = 0; i < ranks; ++i) {
    std::ranges::sort(at(neighbours_, i), {}, &Neighbour::rank);
    auto& listeners = at(listeners_, i);
    std::ranges::sort(listeners, {}, &Neighbour::rank);
    const auto twice = std::ranges::adjacent_find(listeners, {}, &Neighbour::rank);
    if (twice != listeners.end()) throw BadInput(name_of(what, i, twice->rank) + " is given twice");
  }
  expect_connected(listeners_, "can be reached from rank 0");
  if (directed_) expect_connected(neighbours_, "can reach rank 0");

  if (choice.weights == "one") return;
  std::size_t most = 0;
  for (const auto& list : neighbours_) most = std::max(most, list.size());
  for (Lists* lists : {&neighbours_, &listeners_})
    for (Rank i = 0; i < ranks; ++i)
      for (Neighbour& j : at(*lists, i)) {
        const std::size_t larger =
            std::max(at(neighbours_, i).size(), at(neighbours_, j.rank).size());
        j.weight = 1.0 / static_cast<double>(choice.weights == "metropolis"   ? 1 + larger
                                             : choice.weights == "max_degree" ? 1 + most
                                                                              : 2 * larger);
      }
}

/// Every rank is on a way along the lists from rank 0.
void Graph::expect_connected(const Lists& lists, std::string_view end) const {
  std::vector<Rank> reached{0};
  std::vector<bool> seen(lists.size(), false);
  seen[0] = true;
  for (std::size_t next = 0; next < reached.size(); ++next)
    for (const Neighbour& neighbour : lists[static_cast<std::size_t>(reached[next])])
      if (auto once = seen[static_cast<std::size_t>(neighbour.rank)]; !once) {
        once = true;
        reached.push_back(neighbour.rank);
      }
  if (reached.size() < lists.size())
    throw BadInput(std::string{"the graph is not "} + (directed_ ? "strongly " : "") +
                   "connected: " + std::to_string(reached.size()) + " of " +
                   std::to_string(lists.size()) + " ranks " + std::string{end});
}

GraphChoice with_mixing_weights(GraphChoice choice) {
  if (choice.weights == "one" && choice.edge_weights.empty()) choice.weights = "metropolis";
  return choice;
}

std::span<const Neighbour> Graph::neighbours(Rank rank) const {
  EXPECTS(0 <= rank && rank < size(), "a rank of the graph");
  return neighbours_[static_cast<std::size_t>(rank)];
}
std::span<const Neighbour> Graph::listeners(Rank rank) const {
  EXPECTS(0 <= rank && rank < size(), "a rank of the graph");
  return listeners_[static_cast<std::size_t>(rank)];
}
double Graph::degree(Rank rank) const { return sum_of(neighbours(rank)); }
bool Graph::is_balanced() const {
  if (!directed_) return true;
  for (Rank i = 0; i < size(); ++i)
    if (sum_of(neighbours(i)) != sum_of(listeners(i))) return false;
  return true;
}
double Graph::laplacian_bound() const {
  double bound = 0;
  for (Rank i = 0; i < size(); ++i)
    for (const Neighbour& neighbour : neighbours(i))
      bound = std::max(bound, degree(i) + degree(neighbour.rank));
  return bound;
}

}  // namespace troupe::algorithms
