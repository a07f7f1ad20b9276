#pragma once
// Low-rank approximation of what is shared, the article's ULA put right: the nearest matrix under a
// nuclear-norm penalty, sent as two thin factors. "Uniform" is the same rank and the same penalty
// for all. Which matrices are sent, and when, is a strategy's business.

#include <cstddef>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Matrices of m × n, column-major, float32 or float64, as factors of one rank.
class LowRank {
 public:
  /// Keeps the `rank` largest singular values (at most min(m, n); 0: all of them), each made
  /// smaller by `penalty`, or 0 where it is below. In memory like `like`.
  LowRank(std::size_t m, std::size_t n, std::size_t rank, double penalty, ConstSlice like);

  std::size_t rank() const { return rank_; }
  /// Words of a message: rank · (m + n).
  std::size_t words() const { return rank_ * (m_ + n_); }
  /// factors ← (U √s, V √s) with the singular values s = (σ − penalty)₊ of `matrix`, the m × rank
  /// values of the first and then the n × rank of the second.
  void encode(Communicator& comm, ConstSlice matrix, Slice factors) const;
  /// matrix ← (U √s)(V √s)ᵀ. With all singular values, argmin over X of
  /// ½ ‖X − matrix‖²_F + penalty · ‖X‖_* (Cai, Candès and Shen 2010, theorem 2.1).
  void decode(Communicator& comm, ConstSlice factors, Slice matrix) const;

 private:
  std::size_t m_, n_, rank_;
  double penalty_;
  Scratch u_, s_, v_;
};

/// matrix ← argmin over X of ½ ‖X − matrix‖²_F + ½ penalty · ‖X‖²_F = matrix / (1 + penalty): the
/// other reading, which lowers no rank.
void shrink_by_ridge(Communicator& comm, double penalty, Slice matrix);

}  // namespace troupe::algorithms
