#pragma once
// The binomial tree that broadcast, reduce, scatter and gather share.

#include <algorithm>
#include <bit>

#include "core/tag.hpp"

namespace troupe::algorithms {

/// One rank's place in the binomial tree over n ranks with any root. Places count from the root:
/// place p is rank (root + p) mod n, and its subtree is the places [p, p + reach), where reach is
/// the lowest set bit of p (all for the root). Its children are p+1, p+2, p+4, … below p + reach.
///
///   8 ranks:   0 ┬ 1        reach of 0: 8
///                ├ 2 ─ 3    reach of 2: 2
///                └ 4 ┬ 5    reach of 4: 4
///                    └ 6 ─ 7
struct BinomialTree {
  BinomialTree(int ranks, Rank me, Rank its_root)
      : n{ranks},
        root{its_root},
        place{(me - its_root + ranks) % ranks},
        reach{place == 0 ? static_cast<int>(std::bit_ceil(static_cast<unsigned>(ranks)))
                         : place & -place} {}
  Rank rank_at(int p) const { return (root + p) % n; }
  Rank parent() const { return rank_at(place - reach); }
  bool has_child(int distance) const { return place + distance < n; }
  /// The first place behind the subtree of the child at `distance`.
  int end_of_child(int distance) const { return std::min(place + 2 * distance, n); }
  /// The first place behind this rank's own subtree.
  int end() const { return std::min(place + reach, n); }

  int n;
  Rank root;
  int place;
  int reach;
};

}  // namespace troupe::algorithms
