#pragma once
// Least squares whose answers are never negative: a cost of a machine is not.

#include <vector>

namespace troupe::analysis {

/// Numbers in rows of equal length.
using Rows = std::vector<std::vector<double>>;

/// The x ≥ 0 that makes Σ (rows[i]·x - targets[i])² least, and which of its components the rows do
/// not tell apart (they are left at 0).
struct NonnegativeFit {
  std::vector<double> values;
  std::vector<bool> told;  ///< false: other values would explain the targets as well
};

/// Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23, on Eigen's QR
/// decomposition with column pivoting. Columns are scaled to length 1 first. EXPECTS rows of one
/// length and as many targets.
NonnegativeFit fit_nonnegative(const Rows& rows, const std::vector<double>& targets);

}  // namespace troupe::analysis
