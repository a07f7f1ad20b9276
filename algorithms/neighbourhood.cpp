#include "algorithms/neighbourhood.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "algorithms/models/model.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag row{3};

std::vector<Neighbour> copy_of(std::span<const Neighbour> neighbours) {
  return {neighbours.begin(), neighbours.end()};
}

double largest_degree(const Graph& graph) {
  double largest = 0;
  for (Rank rank = 0; rank < graph.size(); ++rank) largest = std::max(largest, graph.degree(rank));
  return largest;
}

}  // namespace

std::vector<Neighbour> balanced(Communicator& comm, const Graph& graph) {
  std::vector<Neighbour> neighbours = copy_of(graph.neighbours(comm.rank()));
  const auto listeners = graph.listeners(comm.rank());
  const auto me = static_cast<std::size_t>(comm.rank()), n = static_cast<std::size_t>(comm.size());
  const double epsilon = 1 / (2 * largest_degree(graph));
  std::vector<double> mine(n, 0);
  mine[me] = 1;
  std::vector<std::vector<double>> theirs(neighbours.size(), std::vector<double>(n));
  double change = 1, before = 2;  // of a round; never grows, for rows of W sum to 1
  for (int round = 1; change > 1e-14 || change < before; ++round) {
    WaitSet messages;
    for (std::size_t j = 0; j < neighbours.size(); ++j)
      messages.add(comm.irecv(neighbours[j].rank, row.at(round), std::span{theirs[j]}));
    for (const Neighbour& listener : listeners)
      messages.add(comm.isend(listener.rank, row.at(round), std::span{std::as_const(mine)}));
    wait_all(comm, messages);
    std::vector<double> next = mine;
    for (std::size_t j = 0; j < neighbours.size(); ++j)
      for (std::size_t k = 0; k < n; ++k)
        next[k] += epsilon * neighbours[j].weight * (theirs[j][k] - mine[k]);
    double most = 0;
    for (std::size_t k = 0; k < n; ++k) most = std::max(most, std::abs(next[k] - mine[k]));
    mine = std::move(next);
    if (round % 10 == 0) before = std::exchange(change, agreed(comm, Op::max, most));
  }
  for (Neighbour& neighbour : neighbours) neighbour.weight *= static_cast<double>(n) * mine[me];
  return neighbours;
}

Neighbourhood::Neighbourhood(Communicator& comm, const TrainingProblem& problem, std::size_t size,
                             Tag tag, bool balances)
    : comm_{comm}, tag_{tag} {
  const Graph graph{problem.graph, comm.size()};  // not kept: every rank would have one
  directed_ = graph.is_directed();
  bound_ = graph.laplacian_bound();
  neighbours_ = balances && !graph.is_balanced() ? balanced(comm, graph)
                                                 : copy_of(graph.neighbours(comm.rank()));
  for (const Neighbour& listener : graph.listeners(comm.rank()))
    listeners_.push_back(listener.rank);
  for (std::size_t j = 0; j < count(); ++j) theirs_.push_back(make_buffer(problem, size));
}

double Neighbourhood::degree() const {
  double sum = 0;
  for (const Neighbour& neighbour : neighbours_) sum += neighbour.weight;
  return sum;
}

void Neighbourhood::exchange(std::int64_t step, ConstSlice mine) {
  WaitSet messages;
  for (std::size_t j = 0; j < count(); ++j)
    messages.add(comm_.irecv(neighbours_[j].rank, tag_.at(step), theirs_[j].slice()));
  for (const Rank listener : listeners_) messages.add(comm_.isend(listener, tag_.at(step), mine));
  wait_all(comm_, messages);
}

void Neighbourhood::add_difference(std::size_t j, ConstSlice mine, Slice into) const {
  compute(comm_, Axpy{neighbours_[j].weight, theirs_[j], into});
  compute(comm_, Axpy{-neighbours_[j].weight, mine, into});
}
void Neighbourhood::differences(ConstSlice mine, Slice into) const {
  compute(comm_, Fill{0, into});
  for (std::size_t j = 0; j < count(); ++j) add_difference(j, mine, into);
}

std::optional<double> Neighbourhood::largest_distance(ConstSlice mine) const {
  std::optional<double> largest;
  for (const Buffer& other : theirs_) largest = std::max(largest, relative_distance(mine, other));
  return largest;
}

double Neighbourhood::laplacian_bound() const {
  return directed_ ? 2 * agreed(comm_, Op::max, degree()) : bound_;
}

std::string refusal_of_graph(const GraphChoice& choice, int ranks) {
  try {
    const Graph graph{choice, ranks};
  } catch (const BadInput& unusable) {
    return unusable.what();
  }
  return {};
}

}  // namespace troupe::algorithms
