#pragma once
// Times of messages as straight lines of their size, by least squares of relative errors, each in
// units of its noise, so that a byte counts as much as a megabyte that is as well known. A point
// that disagrees with all the rest is left out, and said so.

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::analysis {

/// A message of `bytes` bytes took `seconds`; its latency counts `latency` times and its bytes
/// `per_byte` times what they do otherwise.
struct TimedSize {
  double bytes = 0, seconds = 0;
  double noise = 0;  ///< of the time, relative
  double latency = 1, per_byte = 1;
};

struct Line {
  double alpha = 0;  ///< seconds
  double beta = 0;   ///< seconds a byte
  /// Standard errors. Infinite where the sizes do not tell the two apart.
  double alpha_error = 0, beta_error = 0;
  double residual = 0;                ///< root of the mean square of relative errors
  std::vector<std::size_t> left_out;  ///< indices of points that disagree with all others

  double at(double bytes) const { return alpha + beta * bytes; }
};

/// The line through the points, neither of whose terms is negative. EXPECTS positive times, and at
/// least one.
Line fit_line(std::span<const TimedSize> points);

/// A line for messages larger than `above`, up to the next one's.
struct Segment {
  double above = -1;
  Line line;
};

/// As few lines as describe the points to their noise (six at most, of three points or more).
/// EXPECTS growing sizes.
std::vector<Segment> fit_segments(std::span<const TimedSize> points);

}  // namespace troupe::analysis
