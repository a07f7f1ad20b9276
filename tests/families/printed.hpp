#pragma once
// Numbers as they are printed: what a table shows with so many digits allows half a unit of the
// last one, and nothing else. "1.2e-5" is anything from 1.15e-5 to 1.25e-5, that is 4.2 % off;
// "9.6e-5" is 0.52 % off at most.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

namespace troupe::algorithms {

/// Half a unit of the last digit of a number such as "1559", "0.4884" or "2.6274836e-4".
inline double half_a_unit(const std::string& printed) {
  const auto power = printed.find('e'), point = printed.find('.');
  const auto digits = printed.substr(0, power);
  const double decimals =
      point == std::string::npos ? 0 : static_cast<double>(digits.size() - point - 1);
  const double exponent = power == std::string::npos ? 0 : std::atof(&printed[power + 1]);
  return 0.5 * std::pow(10, exponent - decimals);
}

/// Whether the value, rounded to the digits that are printed, is what is printed.
inline testing::AssertionResult prints_as(double value, const std::string& printed) {
  const double off = std::abs(value - std::atof(printed.c_str()));
  const double half = half_a_unit(printed);
  if (off <= half * (1 + 1e-9)) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << value << " is " << off << " from " << printed << ", whose digits allow " << half;
}

}  // namespace troupe::algorithms
