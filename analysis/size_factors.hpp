#pragma once
// What the size of a message changes beyond its bytes: factors on latency and bandwidth, from the
// times of one pair of ranks.

#include <optional>
#include <vector>

#include "analysis/line_fit.hpp"
#include "core/measured_links.hpp"

namespace troupe::analysis {

/// Messages larger than `above`: of what all messages pay.
struct SizeFactor {
  Bytes above{};  ///< 0: from the smallest on
  double latency = 1, bandwidth = 1;
};

struct SizeFactors {
  std::vector<SizeFactor> factors;  ///< growing; the first has latency 1, none a bandwidth above 1
  /// Above this size MPI asks before it sends, which costs `asking`.
  std::optional<Bytes> asks_above;
  Seconds asking{};
  std::vector<Bytes> left_out;  ///< sizes whose times disagree with all others
};

/// EXPECTS growing sizes, at least one, and positive times.
SizeFactors fit_size_factors(const PairTimes& pair);

/// What a line is fitted to, each size with the factors that it pays.
std::vector<TimedSize> timed_sizes(const PairTimes& pair, const std::vector<SizeFactor>& factors);

/// Of a message of so many bytes.
const SizeFactor& factor_for(const std::vector<SizeFactor>& factors, double bytes);

/// The standard error of a median, relative: 1.2533 standard deviations over the root of the number
/// of rounds, of 1.4826 median deviations each.
double noise_of(const RoundTime& point);

}  // namespace troupe::analysis
