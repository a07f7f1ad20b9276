#pragma once
// Random things larger than a number, from SplitMix64 alone.

#include <cstddef>
#include <span>
#include <vector>

#include "core/random.hpp"

namespace troupe::algorithms {

/// Every order equally likely (Fisher and Yates; Knuth, The Art of Computer Programming, 3.4.2 P).
void shuffle(std::span<std::size_t> values, SplitMix64& random);

/// 0, 1, …, count − 1, shuffled.
std::vector<std::size_t> permutation(std::size_t count, SplitMix64& random);

/// One draw from Dirichlet(a, …, a) of `size` numbers that add up to 1: gamma draws (Marsaglia and
/// Tsang 2000) over their sum, as logarithms, since for a far below 1 most of them underflow.
/// EXPECTS a > 0.
std::vector<double> dirichlet(double a, std::size_t size, SplitMix64& random);

}  // namespace troupe::algorithms
