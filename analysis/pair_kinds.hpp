#pragma once
// Pairs of ranks, each a line of the size of its messages, straight but for factors by size, and
// what pairs of one kind have in common.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/size_factors.hpp"
#include "core/measured_links.hpp"

namespace troupe::analysis {

struct PairLine {
  const PairTimes* times = nullptr;
  Line line;
};

/// Throws BadInput, with `where` it was, if times are missing, not finite or not positive.
void expect_times(const PairTimes& times, const std::string& where);
/// Throws BadInput, with `where` it was, if times do not grow with the size. The result refers to
/// `times`.
PairLine line_of(const PairTimes& times, const std::vector<SizeFactor>& factors,
                 const std::string& where);

/// Medians.
struct PairKind {
  double alpha = 0;   ///< seconds
  double spread = 0;  ///< of alpha: the median absolute deviation
  double beta = 0;    ///< seconds a byte

  double at(double bytes, const std::vector<SizeFactor>& factors) const {
    const auto& factor = factor_for(factors, bytes);
    return alpha * factor.latency + beta * bytes / factor.bandwidth;
  }
  BytesPerSecond bandwidth() const { return {1 / beta}; }
  Seconds half_latency() const { return Seconds{alpha / 2}; }
};

/// Nothing of no pairs.
std::optional<PairKind> kind_of(std::span<const PairLine* const> pairs);

/// How much longer a byte of messages under way together takes than one of `alone`: from the
/// difference of two sizes, which has no latency; of one size, from its time less the latency.
/// Nothing where it was not measured.
std::optional<double> slowdown_of(const MeetingTimes& meeting, const PairKind& alone,
                                  const std::vector<SizeFactor>& factors);

/// Whether messages of one kind have a longer way than those of another: by more than 5 %, and by
/// more than pairs of one kind differ.
bool is_farther(const PairKind& far, const PairKind& near);

/// Of one value or more.
double median(std::vector<double> values);

}  // namespace troupe::analysis
