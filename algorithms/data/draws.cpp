#include "algorithms/data/draws.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

/// The logarithm of a Gamma(a, 1) draw, a ≥ 1: with d = a − ⅓ and c = 1/√(9d), the value d(1 + cx)³
/// of a standard normal x is accepted with probability exp(½x² + d − d(1 + cx)³) (1 + cx)^(3d).
double log_gamma_from_one(double a, SplitMix64& random) {
  const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), u = 1 - random.u01();
    if (1 + c * x <= 0) continue;
    const double log_v = 3 * std::log1p(c * x);
    if (std::log(u) < 0.5 * x * x + d - d * std::exp(log_v) + d * log_v) return std::log(d) + log_v;
  }
}

/// For a < 1 a draw of Gamma(a + 1) times u^(1/a).
double log_gamma(double a, SplitMix64& random) {
  if (a >= 1) return log_gamma_from_one(a, random);
  const double larger = log_gamma_from_one(a + 1, random);
  return larger + std::log(1 - random.u01()) / a;
}

}  // namespace

void shuffle(std::span<std::size_t> values, SplitMix64& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

std::vector<std::size_t> permutation(std::size_t count, SplitMix64& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, random);
  return order;
}

std::vector<double> dirichlet(double a, std::size_t size, SplitMix64& random) {
  EXPECTS(a > 0, "a Dirichlet distribution has parameters above 0");
  std::vector<double> parts(size);
  for (double& part : parts) part = log_gamma(a, random);
  const double largest = *std::ranges::max_element(parts);
  double sum = 0;
  for (double& part : parts) sum += part = std::exp(part - largest);
  for (double& part : parts) part /= sum;
  return parts;
}

}  // namespace troupe::algorithms
