#pragma once
// Data sets that nobody has to download. All are drawn from SplitMix64 alone, sample after sample:
// a longer set begins with the samples of a shorter one of the same seed.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "algorithms/data/dataset.hpp"

namespace troupe::algorithms {

/// sin(x)/x as sinc_samples draws it: one input, one output.
Dataset sinc(std::size_t samples, double noise, std::uint64_t seed);

/// Gaussian clusters: the centre of each class is uniform in (-1, 1)^inputs, a sample is normal
/// around that of its class with standard deviation `spread`. Classes are drawn with equal chances.
Dataset blobs(std::size_t samples, std::size_t inputs, std::size_t classes, double spread,
              std::uint64_t seed);

/// Two spirals around each other in the unit disc (after Lang and Witbrock 1988), three half turns
/// each, evenly filled along the arm; `noise` is the standard deviation added to both inputs. Two
/// classes that no straight line parts.
Dataset two_spirals(std::size_t samples, double noise, std::uint64_t seed);

/// y = θᵀx + noise · e with x and e standard normal: one output. θ is linear_weights(inputs, seed).
Dataset linear(std::size_t samples, std::size_t inputs, double noise, std::uint64_t seed);

/// The θ of `linear`: standard normal.
std::vector<double> linear_weights(std::size_t inputs, std::uint64_t seed);

/// Records of a yes-or-no outcome with known causes, as in a medical or financial table: features
/// standard normal, class 1 with probability 1 / (1 + exp(−θᵀx)), θ = tabular_weights(inputs).
Dataset tabular(std::size_t samples, std::size_t inputs, std::uint64_t seed);

/// The θ of `tabular`: alternating in sign and falling, 2, −2/2, 2/3, …: a few features matter much
/// and many a little.
std::vector<double> tabular_weights(std::size_t inputs);

/// Pictures of the digits 0 to 9, 28×28 pixels, row by row from the top left, white on black: drawn
/// with strokes whose place, size, slant, thickness and corners vary, and noise on every pixel. The
/// digits have equal chances.
Dataset digits(std::size_t samples, std::uint64_t seed);

}  // namespace troupe::algorithms
