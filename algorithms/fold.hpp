#pragma once
// How an algorithm for a power of two (or another convenient number of ranks) serves any number:
// the surplus ranks hand their vectors to a neighbour, sit out, and get the result afterwards.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Folds P ranks onto `core` ranks, core ≤ P ≤ 2·core, with f = P − core: ranks 0, 2, …, 2(f−1)
/// sit out and are served by the next odd rank; ranks 1, 3, …, 2f−1 and 2f … P−1 are the positions
/// 0 … core−1 of the core.
///
///   7 ranks on 4:  rank      0  1  2  3  4  5  6
///                  position  –  0  –  1  –  2  3
///                            └→─┘  └→─┘  └→─┘
class Fold {
 public:
  Fold(Communicator& comm, int core);
  /// This rank takes part in the core.
  bool active() const noexcept { return position_ >= 0; }
  int position() const noexcept { return position_; }
  Rank rank_at(int position) const noexcept {
    return position < folded_ ? 2 * position + 1 : position + folded_;
  }
  int core() const noexcept { return core_; }
  int folded() const noexcept { return folded_; }

  /// Of as many blocks as there are ranks, those that belong to positions [first, first + width):
  /// a position that serves a rank that sits out owns the blocks of both.
  Slice blocks(const Partition& block, int first, int width) const;

  /// This rank's partner in the fold, or any_rank if it has none.
  Rank partner() const noexcept;
  /// Reduces the vectors of those who sit out into their partners'.
  void in(Slice vector, Op op) const;
  /// Brings the partners' vectors to those who sit out.
  void out(Slice vector) const;

 private:
  Communicator& comm_;
  int core_;
  int folded_;
  int position_;
};

}  // namespace troupe::algorithms
