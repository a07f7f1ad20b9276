#include "analysis/size_factors.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::analysis {
namespace {

/// Of messages up to `end` bytes; the latency in seconds. Where bytes are a small part of the time
/// the data does not tell how long they take: as long as those of long messages, `beta`.
SizeFactor factor_of(const Segment& segment, double beta, double end) {
  Line line = segment.line;
  const double more = (line.beta - beta) * end;
  constexpr double noticeable = 0.05;
  if (more < noticeable * line.at(end)) {
    line.alpha = std::max(0.0, line.alpha + more / 2);
    line.beta = beta;
  }
  return {.above = {segment.above > 0 ? static_cast<std::uint64_t>(segment.above) : 0},
          .latency = line.alpha,
          .bandwidth = line.beta > 0 ? beta / line.beta : 1};
}

/// Neighbours that differ by less than a per cent are one.
void merge(std::vector<SizeFactor>& factors) {
  const auto alike = [](double a, double b) { return std::abs(a - b) < 0.01 * b; };
  const auto same = [&](const SizeFactor& a, const SizeFactor& b) {
    return alike(a.latency, b.latency) && alike(a.bandwidth, b.bandwidth);
  };
  const auto [first, last] = std::ranges::unique(factors, same);
  factors.erase(first, last);
}

/// A message that is a little longer and takes a latency more.
void find_asking(const Segment& before, const Segment& after, SizeFactors& found) {
  const double jump = after.line.at(after.above) - before.line.at(after.above);
  const bool noticeable =
      jump > 0.5 * before.line.alpha && jump > 0.1 * before.line.at(after.above);
  // Asking takes a way there and back. More is something else, say the end of a cache.
  if (!noticeable || jump > 4 * before.line.alpha || jump < found.asking.count()) return;
  found.asks_above = Bytes{static_cast<std::uint64_t>(after.above)};
  found.asking = Seconds{jump};
}

}  // namespace

double noise_of(const RoundTime& point) {
  return 1.2533 * 1.4826 * (point.spread / point.time) / std::sqrt(std::max(1, point.rounds));
}

std::vector<TimedSize> timed_sizes(const PairTimes& pair, const std::vector<SizeFactor>& factors) {
  std::vector<TimedSize> points;
  for (const auto& point : pair.points) {
    const auto bytes = static_cast<double>(point.bytes.value);
    const auto& factor = factor_for(factors, bytes);
    points.push_back({.bytes = bytes,
                      .seconds = point.time.count(),
                      .noise = noise_of(point),
                      .latency = factor.latency,
                      .per_byte = 1 / factor.bandwidth});
  }
  return points;
}

const SizeFactor& factor_for(const std::vector<SizeFactor>& factors, double bytes) {
  auto found = factors.begin();
  for (auto factor = factors.begin(); factor != factors.end(); ++factor)
    if (static_cast<double>(factor->above.value) < bytes) found = factor;
  return *found;
}

SizeFactors fit_size_factors(const PairTimes& pair) {
  const auto points = timed_sizes(pair, {SizeFactor{}});
  const auto segments = fit_segments(points);
  const auto end_of = [&](std::size_t i) {
    return i + 1 < segments.size() ? segments[i + 1].above : points.back().bytes;
  };
  // The fastest bytes are those of the cable itself; short messages only take longer.
  double beta = segments.back().line.beta;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& line = segments[i].line;
    if (line.beta > 0 && line.beta * end_of(i) > 0.3 * line.at(end_of(i)))
      beta = std::min(beta, line.beta);
  }
  SizeFactors found;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    found.factors.push_back(factor_of(segments[i], beta, end_of(i)));
    if (i > 0) find_asking(segments[i - 1], segments[i], found);
    const auto begin = std::ranges::find_if(
        points, [&](const TimedSize& point) { return point.bytes > segments[i].above; });
    for (const auto point : segments[i].line.left_out)
      found.left_out.push_back(
          {static_cast<std::uint64_t>((begin + static_cast<std::ptrdiff_t>(point))->bytes)});
  }
  const double alpha = found.factors.front().latency;  // seconds so far
  for (auto& factor : found.factors) factor.latency = alpha > 0 ? factor.latency / alpha : 1;
  merge(found.factors);
  return found;
}

}  // namespace troupe::analysis
