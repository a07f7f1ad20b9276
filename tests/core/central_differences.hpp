#pragma once
// Derivatives the slow way, to hold analytic ones against.

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"

namespace troupe::reference {

/// `count` values, uniform in (-1, 1).
inline std::vector<double> uniform_values(std::size_t count, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<double> values(count);
  for (double& value : values) value = random.uniform(-1, 1);
  return values;
}

/// (f(x + h e_i) − f(x − h e_i)) / 2h for each i, f() being a function of x as it stands.
template <class F>
std::vector<double> central_differences(std::span<double> x, F&& f, double h = 1e-5) {
  std::vector<double> gradient;
  for (double& value : x) {
    const double kept = value;
    value = kept + h;
    const double above = f();
    value = kept - h;
    const double below = f();
    value = kept;
    gradient.push_back((above - below) / (2 * h));
  }
  return gradient;
}

/// ‖a − b‖ / ‖b‖
inline double relative_error(std::span<const double> a, std::span<const double> b) {
  double apart = 0, squares = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    apart += (a[i] - b[i]) * (a[i] - b[i]);
    squares += b[i] * b[i];
  }
  return std::sqrt(apart / squares);
}

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace troupe::reference
