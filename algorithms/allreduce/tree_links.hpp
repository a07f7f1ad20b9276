#pragma once
// The two complementary binary trees of Sanders, Speck and Träff, by positions 0 … n-1.

#include <vector>

namespace troupe::algorithms {

/// A position's neighbours in a tree.
struct TreeLinks {
  int parent = -1;            ///< -1 for the root
  std::vector<int> children;  ///< at most two
};

/// Tree 0: with b the lowest set bit of the position, the parent is (position ^ b) | 2b, or
/// position ^ b where that is outside; the root is 0 and has the one child 2^⌊log2(n-1)⌋. Tree 1
/// is its mirror image for even n, and shifted by one for odd n. Nobody is internal in both trees,
/// but position 0 when n is odd. Their depth is ⌈log2 n⌉.
///
///   8 positions, tree 0:   0 ─ 4 ┬ 2 ┬ 1      tree 1:   7 ─ 3 ┬ 5 ┬ 6
///                                │   └ 3                      │   └ 4
///                                └ 6 ┬ 5                      └ 1 ┬ 2
///                                    └ 7                          └ 0
TreeLinks tree_links(int tree, int position, int n);

}  // namespace troupe::algorithms
