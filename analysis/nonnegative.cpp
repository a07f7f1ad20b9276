#include "analysis/nonnegative.hpp"

#include <Eigen/QR>
#include <algorithm>

#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Columns whose part that is independent of the others is shorter than this are not told apart.
constexpr double independent = 1e-9;

/// The chosen columns' least-squares solution, zero elsewhere.
VectorXd solve(const MatrixXd& matrix, const VectorXd& targets, const std::vector<Index>& chosen) {
  MatrixXd part(matrix.rows(), static_cast<Index>(chosen.size()));
  for (std::size_t i = 0; i < chosen.size(); ++i)
    part.col(static_cast<Index>(i)) = matrix.col(chosen[i]);
  const VectorXd found = part.colPivHouseholderQr().solve(targets);
  VectorXd all = VectorXd::Zero(matrix.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) all[chosen[i]] = found[static_cast<Index>(i)];
  return all;
}

/// Which of the columns, first come first served, the ones before them do not already span.
std::vector<bool> independent_columns(const MatrixXd& matrix) {
  std::vector<bool> told(static_cast<std::size_t>(matrix.cols()), false);
  MatrixXd basis(matrix.rows(), 0);
  for (Index column = 0; column < matrix.cols(); ++column) {
    VectorXd rest = matrix.col(column);
    for (int twice = 0; twice < 2; ++twice) rest -= basis * (basis.transpose() * rest);
    if (rest.norm() <= independent) continue;
    told[static_cast<std::size_t>(column)] = true;
    basis.conservativeResize(Eigen::NoChange, basis.cols() + 1);
    basis.col(basis.cols() - 1) = rest.normalized();
  }
  return told;
}

}  // namespace

NonnegativeFit fit_nonnegative(const Rows& rows, const std::vector<double>& targets) {
  EXPECTS(!rows.empty() && rows.size() == targets.size(), "as many rows as targets");
  const auto columns = static_cast<Index>(rows.front().size());
  MatrixXd matrix(static_cast<Index>(rows.size()), columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECTS(static_cast<Index>(rows[i].size()) == columns, "rows of one length");
    for (Index j = 0; j < columns; ++j)
      matrix(static_cast<Index>(i), j) = rows[i][static_cast<std::size_t>(j)];
  }
  const VectorXd goal =
      Eigen::Map<const VectorXd>(targets.data(), static_cast<Index>(targets.size()));
  VectorXd lengths = matrix.colwise().norm();
  for (Index j = 0; j < columns; ++j)
    if (lengths[j] > 0) matrix.col(j) /= lengths[j];

  NonnegativeFit fit{.values = {}, .told = independent_columns(matrix)};
  VectorXd x = VectorXd::Zero(columns);
  std::vector<Index> chosen;
  const double small = 1e-12 * (1 + goal.norm());
  for (Index rounds = 0; rounds < 3 * columns; ++rounds) {
    const VectorXd slope = matrix.transpose() * (goal - matrix * x);
    Index best = -1;
    for (Index j = 0; j < columns; ++j)
      if (fit.told[static_cast<std::size_t>(j)] && std::ranges::find(chosen, j) == chosen.end() &&
          slope[j] > small && (best < 0 || slope[j] > slope[best]))
        best = j;
    if (best < 0) break;
    chosen.push_back(best);
    for (;;) {
      const VectorXd next = solve(matrix, goal, chosen);
      double step = 1;
      for (const Index j : chosen)
        if (next[j] <= 0) step = std::min(step, x[j] / (x[j] - next[j]));
      if (step >= 1) {
        x = next;
        break;
      }
      x += step * (next - x);
      std::erase_if(chosen, [&](Index j) { return x[j] <= small; });
      for (Index j = 0; j < columns; ++j)
        if (std::ranges::find(chosen, j) == chosen.end()) x[j] = 0;
      if (chosen.empty()) break;
    }
  }
  for (Index j = 0; j < columns; ++j)
    fit.values.push_back(lengths[j] > 0 ? x[j] / lengths[j] : 0.0);
  return fit;
}

}  // namespace troupe::analysis
