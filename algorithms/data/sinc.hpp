#pragma once
// The curve sin(x)/x, noisy or not: one-dimensional samples for regression that are the same on
// every machine, because nothing but SplitMix64 draws them.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::algorithms {

struct Sample {
  double x = 0, y = 0;
};

/// `count` samples with x uniform in (-10, 10) and y = sin(x)/x + noise · e, e uniform in (-1, 1).
/// Each sample takes two draws of SplitMix64{seed}, first x, then e, whatever the noise.
std::vector<Sample> sinc_samples(std::size_t count, double noise, std::uint64_t seed);

}  // namespace troupe::algorithms
