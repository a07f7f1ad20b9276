#pragma once
// The one source of randomness: SplitMix64 (Steele, Lea and Flood 2014), one stream per rank. The
// distributions of the standard library are not used: they differ between implementations.

#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/tag.hpp"

namespace troupe {

/// A stream of random numbers. Copies continue independently from the same state.
class SplitMix64 {
 public:
  constexpr explicit SplitMix64(std::uint64_t seed) : state_{seed} {}
  /// The stream of one rank. Streams of different ranks are unrelated, not shifted copies.
  static constexpr SplitMix64 of_rank(std::uint64_t seed, Rank rank) {
    return SplitMix64{finalised(seed ^ finalised(static_cast<std::uint64_t>(rank) + 1))};
  }

  /// 64 random bits.
  constexpr std::uint64_t next() { return finalised(state_ += 0x9E3779B97F4A7C15u); }
  /// Uniform in [0, 1), a multiple of 2^-53.
  constexpr double u01() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Uniform in [low, high).
  constexpr double uniform(double low, double high) { return low + (high - low) * u01(); }
  /// A whole number in [0, bound): floor(bound · u01()). EXPECTS 0 < bound ≤ 2^53.
  constexpr std::uint64_t below(std::uint64_t bound) {
    EXPECTS(0 < bound && bound <= std::uint64_t{1} << 53, "a random index needs a bound above 0");
    return static_cast<std::uint64_t>(static_cast<double>(bound) * u01());
  }
  /// Standard normal: Box–Muller, the cosine branch; takes two numbers of the stream.
  double normal() {
    const double u1 = 1 - u01(), u2 = u01();
    return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
  }

  /// The finaliser alone: a bijection that scatters its argument.
  static constexpr std::uint64_t finalised(std::uint64_t z) {
    z ^= z >> 30;
    z *= 0xBF58476D1CE4E5B9u;
    z ^= z >> 27;
    z *= 0x94D049BB133111EBu;
    z ^= z >> 31;
    return z;
  }

 private:
  std::uint64_t state_;
};

}  // namespace troupe
