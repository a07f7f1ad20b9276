#pragma once
// What an algorithm may know of the machine besides the number of ranks, and the orders of ranks
// that follow from it. Nothing here sends anything.

#include <span>
#include <string>
#include <vector>

#include "core/tag.hpp"

namespace troupe::algorithms {

/// What an algorithm may know of the machine beyond its size. Empty fields are derived: one node,
/// one NIC, squarest grid.
struct Layout {
  std::vector<int> node_of_rank;  ///< node of each rank; ranks of a node need not be neighbours
  int nics_per_node = 1;
  std::vector<int> grid;  ///< torus dimensions, product = ranks, first dimension fastest
  /// What size_of_equal_nodes() says, where somebody has asked it: ranks then need not look at all
  /// others. 0: nothing is known.
  int node_size = 0;
};

/// The ranks of a node if all nodes have as many and rank / node_size counts the nodes upwards;
/// else 0.
int size_of_equal_nodes(std::span<const int> node_of_rank);

/// The ranks of each node in ascending order; nodes in the order of their first ranks.
std::vector<std::vector<Rank>> ranks_by_node(const Layout& layout, int ranks);

/// Empty if the layout describes `ranks` ranks, else what is wrong with it.
std::string complaint(const Layout& layout, int ranks);

/// The ring of one channel: node after node, the order inside each node rotated by `channel`, so
/// that each channel enters and leaves a node through ranks (and NICs) of its own.
std::vector<Rank> channel_order(const Layout& layout, int ranks, int channel);

/// The same for a rank that looks for its own neighbours: of equal nodes nothing is listed.
class ChannelOrder {
 public:
  ChannelOrder(const Layout& layout, int ranks, int channel);
  /// 0 ≤ position < ranks.
  Rank at(int position) const;
  int position_of(Rank rank) const;

 private:
  int node_size_, turn_;
  std::vector<Rank> order_;  // where nodes are not equal
};

/// The layout's grid, or the rectangle nearest to a square, its longer side first ({4, 2} for 8).
std::vector<int> grid_of(const Layout& layout, int ranks);

/// The prime factors of `ranks`, largest first; none for 1.
std::vector<int> prime_factors(int ranks);

/// 2^⌊log2 ranks⌋ and ⌈log2 ranks⌉, for ranks ≥ 1.
int power_of_two_within(int ranks);
int rounds_to_reach(int ranks);

/// Ranks as numbers of mixed radix, the digit of the first radix fastest. All ranks that differ in
/// one digit only are a group of a butterfly's stage, or a line of a torus.
class MixedRadix {
 public:
  explicit MixedRadix(std::span<const int> radices);
  int stages() const noexcept { return static_cast<int>(radices_.size()); }
  int ranks() const noexcept { return strides_.back(); }
  int radix(int stage) const { return radices_[index(stage)]; }
  int digit(Rank rank, int stage) const {
    return rank / strides_[index(stage)] % radices_[index(stage)];
  }
  /// `rank` with another digit at `stage`; digits count modulo the radix.
  Rank with_digit(Rank rank, int stage, int digit) const;
  /// All ranks that differ from `rank` at most at `stage`, by that digit.
  std::vector<Rank> line(Rank rank, int stage) const;

 private:
  static std::size_t index(int stage) { return static_cast<std::size_t>(stage); }
  std::vector<int> radices_;
  std::vector<int> strides_;
};

}  // namespace troupe::algorithms
