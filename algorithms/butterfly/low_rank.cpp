#include "algorithms/butterfly/low_rank.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms {
namespace {

/// Columns of `factor` (rows × rank) times the roots of the shrunken singular values.
template <class T>
void scale_columns(Slice factor, ConstSlice singular, std::size_t rank, double penalty) {
  const auto values = factor.host<T>();
  const auto s = singular.host<T>();
  const std::size_t rows = factor.size() / rank;
  for (std::size_t j = 0; j < rank; ++j) {
    const double shrunk = std::max(0.0, static_cast<double>(s[j]) - penalty);
    for (T& value : values.subspan(j * rows, rows)) value *= static_cast<T>(std::sqrt(shrunk));
  }
}

}  // namespace

LowRank::LowRank(std::size_t m, std::size_t n, std::size_t rank, double penalty, ConstSlice like)
    : m_{m},
      n_{n},
      rank_{rank == 0 ? std::min(m, n) : std::min({rank, m, n})},
      penalty_{penalty},
      u_{like, m * std::min(m, n)},
      s_{like, std::min(m, n)},
      v_{like, n * std::min(m, n)} {
  EXPECTS(m > 0 && n > 0, "a matrix has rows and columns");
}

void LowRank::encode(Communicator& comm, ConstSlice matrix, Slice factors) const {
  EXPECTS(factors.size() == words(), "factors have the words of their rank");
  compute(comm, Svd{.m = m_, .n = n_, .a = matrix, .u = u_.all(), .s = s_.all(), .v = v_.all()});
  const Slice left = factors.first(m_ * rank_), right = factors.drop(m_ * rank_);
  compute(comm, Copy{left, u_.first(left.size())});
  compute(comm, Copy{right, v_.first(right.size())});
  const ConstSlice singular = s_.first(rank_);
  const auto scale = [this, left, right, singular] {
    for (const Slice factor : {left, right})
      if (factor.dtype() == Dtype::float32) scale_columns<float>(factor, singular, rank_, penalty_);
      else scale_columns<double>(factor, singular, rank_, penalty_);
  };
  compute(comm, Opaque{.reads = {singular, factors},
                       .writes = {factors},
                       .work = {Flops{static_cast<double>(words() + 3 * rank_)},
                                Bytes{2 * factors.size_bytes()}},
                       .body = scale});
}

void LowRank::decode(Communicator& comm, ConstSlice factors, Slice matrix) const {
  EXPECTS(factors.size() == words(), "factors have the words of their rank");
  compute(comm, Gemm{.m = m_,
                     .n = n_,
                     .k = rank_,
                     .a = factors.first(m_ * rank_),
                     .b = factors.drop(m_ * rank_),
                     .c = matrix,
                     .transpose_b = true});
}

void shrink_by_ridge(Communicator& comm, double penalty, Slice matrix) {
  compute(comm, Scale{1 / (1 + penalty), matrix});
}

}  // namespace troupe::algorithms
