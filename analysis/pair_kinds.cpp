#include "analysis/pair_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace troupe::analysis {

void expect_times(const PairTimes& times, const std::string& where) {
  if (times.points.empty())
    throw BadInput{fmt::format("{}: no message was fast enough to be timed", where)};
  for (const auto& point : times.points)
    if (!std::isfinite(point.time.count()) || point.time.count() <= 0)
      throw BadInput{fmt::format("{}: {} B took {} s: expected a time above 0", where,
                                 point.bytes.value, point.time.count())};
}

PairLine line_of(const PairTimes& times, const std::vector<SizeFactor>& factors,
                 const std::string& where) {
  const auto points = timed_sizes(times, factors);
  PairLine pair{.times = &times, .line = fit_line(points)};
  constexpr double nothing = 1e-6;  // of the time of the largest message
  if (pair.line.beta * points.back().bytes <= nothing * points.back().seconds)
    throw BadInput{
        fmt::format("{}: longer messages take no longer: nothing is known of the bandwidth; give "
                    "--sizes with larger ones",
                    where)};
  return pair;
}

std::optional<PairKind> kind_of(std::span<const PairLine* const> pairs) {
  if (pairs.empty()) return {};
  std::vector<double> alphas, betas, deviations;
  for (const PairLine* pair : pairs) {
    alphas.push_back(pair->line.alpha);
    betas.push_back(pair->line.beta);
  }
  PairKind kind{.alpha = median(alphas), .spread = 0, .beta = median(betas)};
  for (const double alpha : alphas) deviations.push_back(std::abs(alpha - kind.alpha));
  kind.spread = median(deviations);
  return kind;
}

std::optional<double> slowdown_of(const MeetingTimes& meeting, const PairKind& alone,
                                  const std::vector<SizeFactor>& factors) {
  if (meeting.points.empty() || alone.beta <= 0) return {};
  const auto time_alone = [&](const RoundTime& point) {
    return alone.at(static_cast<double>(point.bytes.value), factors);
  };
  const auto& last = meeting.points.back();
  if (meeting.points.size() == 1) {
    const auto& factor = factor_for(factors, static_cast<double>(last.bytes.value));
    const double latency = alone.alpha * factor.latency;
    return (last.time.count() - latency) / (time_alone(last) - latency);
  }
  const auto& first = meeting.points.front();
  return (last.time - first.time).count() / (time_alone(last) - time_alone(first));
}

bool is_farther(const PairKind& far, const PairKind& near) {
  return far.alpha > 1.05 * near.alpha && far.alpha - near.alpha > 3 * (far.spread + near.spread);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace troupe::analysis
