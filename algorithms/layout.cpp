#include "algorithms/layout.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

namespace troupe::algorithms {

std::vector<std::vector<Rank>> ranks_by_node(const Layout& layout, int ranks) {
  std::vector<std::vector<Rank>> nodes;
  std::map<int, std::size_t> place;
  for (Rank rank = 0; rank < ranks; ++rank) {
    const int node =
        layout.node_of_rank.empty() ? 0 : layout.node_of_rank[static_cast<std::size_t>(rank)];
    const auto [at, is_new] = place.emplace(node, nodes.size());
    if (is_new) nodes.emplace_back();
    nodes[at->second].push_back(rank);
  }
  return nodes;
}

std::string complaint(const Layout& layout, int ranks) {
  const auto count = static_cast<std::size_t>(ranks);
  if (!layout.node_of_rank.empty() && layout.node_of_rank.size() != count)
    return "the layout names the nodes of " + std::to_string(layout.node_of_rank.size()) +
           " ranks, " + std::to_string(ranks) + " ranks given";
  if (layout.grid.empty()) return "";
  const auto product =
      std::accumulate(layout.grid.begin(), layout.grid.end(), 1LL,
                      [](long long a, int b) { return b < 1 || a < 0 ? -1 : a * b; });
  if (product != ranks)
    return "the product of the grid's dimensions must be the number of ranks, " +
           std::to_string(ranks);
  return "";
}

std::vector<Rank> channel_order(const Layout& layout, int ranks, int channel) {
  std::vector<Rank> order;
  for (auto& node : ranks_by_node(layout, ranks)) {
    const auto turn = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(channel) % node.size());
    std::rotate(node.begin(), node.begin() + turn, node.end());
    order.insert(order.end(), node.begin(), node.end());
  }
  return order;
}

int size_of_equal_nodes(std::span<const int> node_of_rank) {
  std::size_t size = 0;
  while (size < node_of_rank.size() && node_of_rank[size] == node_of_rank.front()) ++size;
  if (size == 0 || node_of_rank.size() % size != 0) return 0;
  for (std::size_t rank = size; rank < node_of_rank.size(); ++rank) {
    const int node = node_of_rank[rank], before = node_of_rank[rank - 1];
    if (rank % size == 0 ? node <= before : node != before) return 0;
  }
  return static_cast<int>(size);
}

ChannelOrder::ChannelOrder(const Layout& layout, int ranks, int channel)
    : node_size_{layout.node_of_rank.empty() ? ranks : layout.node_size},
      turn_{node_size_ > 0 ? channel % node_size_ : 0} {
  if (node_size_ == 0) order_ = channel_order(layout, ranks, channel);
}
Rank ChannelOrder::at(int position) const {
  if (node_size_ == 0) return order_[static_cast<std::size_t>(position)];
  const int place = position % node_size_;
  return position - place + (place + turn_) % node_size_;
}
int ChannelOrder::position_of(Rank rank) const {
  if (node_size_ == 0) return static_cast<int>(std::ranges::find(order_, rank) - order_.begin());
  const int place = rank % node_size_;
  return rank - place + (place + node_size_ - turn_) % node_size_;
}

std::vector<int> grid_of(const Layout& layout, int ranks) {
  if (!layout.grid.empty()) return layout.grid;
  int shorter = 1;
  for (int side = 1; side * side <= ranks; ++side)
    if (ranks % side == 0) shorter = side;
  return {ranks / shorter, shorter};
}

std::vector<int> prime_factors(int ranks) {
  std::vector<int> factors;
  for (int factor = 2; ranks > 1; ++factor) {
    if (factor * factor > ranks) factor = ranks;
    for (; ranks % factor == 0; ranks /= factor) factors.push_back(factor);
  }
  std::reverse(factors.begin(), factors.end());
  return factors;
}

int power_of_two_within(int ranks) {
  return static_cast<int>(std::bit_floor(static_cast<unsigned>(ranks)));
}
int rounds_to_reach(int ranks) { return std::bit_width(static_cast<unsigned>(ranks - 1)); }

MixedRadix::MixedRadix(std::span<const int> radices) : radices_(radices.begin(), radices.end()) {
  strides_.push_back(1);
  for (int radix : radices) {
    EXPECTS(radix > 0, "a radix is positive");
    strides_.push_back(strides_.back() * radix);
  }
}
Rank MixedRadix::with_digit(Rank rank, int stage, int digit) const {
  const int base = radix(stage), wanted = (digit % base + base) % base;
  return rank + (wanted - this->digit(rank, stage)) * strides_[index(stage)];
}
std::vector<Rank> MixedRadix::line(Rank rank, int stage) const {
  std::vector<Rank> ranks;
  for (int digit = 0; digit < radix(stage); ++digit)
    ranks.push_back(with_digit(rank, stage, digit));
  return ranks;
}

}  // namespace troupe::algorithms
