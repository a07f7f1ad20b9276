#include "analysis/line_fit.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

constexpr double unknown = std::numeric_limits<double>::infinity();
// Relative: what medians of quiet rounds still differ by, and what networks are off straight lines
// however long they are measured.
constexpr double least_noise = 5e-4, least_error = 2e-3;
constexpr std::size_t least_points = 3;
constexpr std::size_t most_segments = 6;

using Indices = std::vector<std::size_t>;

double modelled(const Line& line, const TimedSize& point) {
  return line.alpha * point.latency + line.beta * point.per_byte * point.bytes;
}
/// How far off the line is, as a share of the time.
double relative_error(const Line& line, const TimedSize& point) {
  return modelled(line, point) / point.seconds - 1;
}

/// How much a point counts: its error is in units of its own noise.
double weight_of(const TimedSize& point) { return 1 / std::max(least_error, point.noise); }

/// Least squares of relative errors over some of the points: rows (1, bytes)/seconds · (α, β) = 1,
/// each times its weight.
Line least_squares(std::span<const TimedSize> points, const Indices& used) {
  Line line;
  double largest = 1;
  for (const auto i : used) largest = std::max(largest, points[i].bytes);
  Eigen::MatrixX2d rows(static_cast<Eigen::Index>(used.size()), 2);
  Eigen::VectorXd weights(rows.rows());
  for (Eigen::Index row = 0; row < rows.rows(); ++row) {
    const auto& point = points[used[static_cast<std::size_t>(row)]];
    weights(row) = weight_of(point);
    rows(row, 0) = weights(row) * point.latency / point.seconds;
    rows(row, 1) = weights(row) * point.per_byte * point.bytes / largest / point.seconds;
  }
  // In units of their own size the columns have equal length, and their angle alone counts.
  Eigen::Vector2d scale = rows.colwise().norm().transpose();
  for (double& length : scale) length = length > 0 ? length : 1;
  Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixX2d> qr;
  qr.setThreshold(1e-9);
  qr.compute(rows * scale.cwiseInverse().asDiagonal());
  Eigen::Vector2d terms = qr.solve(weights).cwiseQuotient(scale);
  for (const int negative : {0, 1})
    if (terms(negative) < 0) {
      const auto other = rows.col(1 - negative);
      terms(negative) = 0;
      terms(1 - negative) = other.dot(weights) / other.squaredNorm();
    }
  line.alpha = terms(0);
  line.beta = terms(1) / largest;
  const Eigen::VectorXd errors = rows * terms - weights;
  line.residual =
      std::sqrt(errors.cwiseQuotient(weights).squaredNorm() / static_cast<double>(used.size()));
  if (qr.rank() < 2) {
    line.alpha_error = line.beta_error = unknown;
    return line;
  }
  const double variance =
      used.size() > 2 ? errors.squaredNorm() / static_cast<double>(used.size() - 2) : line.residual;
  const Eigen::Matrix2d inverse = (rows.transpose() * rows).inverse();
  line.alpha_error = std::sqrt(variance * std::abs(inverse(0, 0)));
  line.beta_error = std::sqrt(variance * std::abs(inverse(1, 1))) / largest;
  return line;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// What quiet points differ by: 1.4826 median deviations are a standard deviation.
double usual_error(std::span<const TimedSize> points, const Indices& used, const Line& line) {
  std::vector<double> errors;
  for (const auto i : used) errors.push_back(std::abs(relative_error(line, points[i])));
  return 1.4826 * median(errors);
}

double noise_of(std::span<const TimedSize> points) {
  std::vector<double> noises;
  for (const auto& point : points) noises.push_back(point.noise);
  return std::max(least_noise, median(noises));
}

/// Errors of points that a line goes through, in units of their noise; a point that is far off
/// counts as one that is 10 %.
double cost_of(std::span<const TimedSize> points, const Line& line) {
  double cost = 0;
  for (const auto& point : points) {
    const double error = weight_of(point) * std::min(0.1, std::abs(relative_error(line, point)));
    cost += error * error;
  }
  return cost;
}

}  // namespace

Line fit_line(std::span<const TimedSize> points) {
  EXPECTS(!points.empty(), "a line needs a point");
  Indices used, left_out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECTS(points[i].seconds > 0, "a message takes time");
    used.push_back(i);
  }
  Line line = least_squares(points, used);
  while (used.size() > least_points && left_out.size() < points.size() / 3) {
    // Where a neighbour disagrees as well, it is something that the network does.
    const auto off = [&](std::size_t i) {
      const bool alone = std::ranges::none_of(
          left_out, [i](std::size_t other) { return other + 1 == i || i + 1 == other; });
      return alone ? std::abs(relative_error(line, points[i])) : 0.0;
    };
    const auto worst = std::ranges::max_element(used, {}, off);
    const double usual = std::max(usual_error(points, used, line), noise_of(points));
    if (off(*worst) < 5 * usual) break;
    left_out.push_back(*worst);
    used.erase(worst);
    line = least_squares(points, used);
  }
  line.left_out = left_out;
  return line;
}

std::vector<Segment> fit_segments(std::span<const TimedSize> points) {
  const std::size_t n = points.size();
  if (n < 2 * least_points) return {{-1, fit_line(points)}};
  // best[k][end]: the least cost of k lines through the first `end` points.
  struct Best {
    double cost = unknown;
    std::size_t begin = 0;
  };
  std::vector<std::vector<Best>> best(most_segments + 1, std::vector<Best>(n + 1));
  best[0][0].cost = 0;
  for (std::size_t begin = 0; begin + least_points <= n; ++begin)
    for (std::size_t end = begin + least_points; end <= n; ++end) {
      const auto part = points.subspan(begin, end - begin);
      const double cost = cost_of(part, fit_line(part));
      for (std::size_t k = 0; k < most_segments; ++k)
        if (best[k][begin].cost + cost < best[k + 1][end].cost)
          best[k + 1][end] = {best[k][begin].cost + cost, begin};
    }
  // Each line more must halve the errors, and there must be some to speak of.
  const double quiet = static_cast<double>(n);
  std::size_t lines = 1;
  for (std::size_t more = 2; more <= most_segments && best[lines][n].cost > quiet; ++more)
    if (best[more][n].cost * std::exp2(more - lines) < best[lines][n].cost) lines = more;
  std::vector<Segment> segments;
  for (std::size_t end = n; lines > 0; --lines) {
    const std::size_t begin = best[lines][end].begin;
    segments.push_back(
        {begin == 0 ? -1 : points[begin - 1].bytes, fit_line(points.subspan(begin, end - begin))});
    end = begin;
  }
  std::ranges::reverse(segments);
  return segments;
}

}  // namespace troupe::analysis
