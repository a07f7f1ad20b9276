#include "analysis/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

/// Relative difference that is only rounding.
constexpr double rounding = 1e-6;

/// What the difference of two readings of the clock may be off by, as late as the run ended.
Seconds resolution_of(const Report& report) {
  Seconds end{};
  for (const auto& rank : report.ranks)
    end = std::max(end, rank.compute + rank.communication + rank.waiting);
  return end * (8 * std::numeric_limits<double>::epsilon());
}

}  // namespace

std::string_view name_of(Timing timing) noexcept {
  return timing == Timing::isolated ? "isolated" : "back-to-back";
}
Timing timing_named(std::string_view name) {
  static const std::array<std::string, 2> names{"isolated", "back-to-back"};
  if (name == names[0]) return Timing::isolated;
  if (name == names[1]) return Timing::back_to_back;
  throw BadInput{fmt::format("timing \"{}\" is neither \"isolated\" nor \"back-to-back\"{}", name,
                             did_you_mean(name, names))};
}

std::string_view environment_of(const Report& report, std::string_view key) noexcept {
  for (const auto& [name, value] : report.environment)
    if (name == key) return value;
  return {};
}

Seconds quantile(std::vector<Seconds> samples, double q) {
  EXPECTS(!samples.empty(), "a quantile needs a sample");
  std::sort(samples.begin(), samples.end());
  const double position = q * static_cast<double>(samples.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto above = std::min(below + 1, samples.size() - 1);
  return samples[below] + (samples[above] - samples[below]) * (position - std::floor(position));
}

std::optional<BusyShares> busy_shares(const Report& report) {
  const auto end = std::find_if(report.totals.begin(), report.totals.end(),
                                [](const auto& total) { return total.first == "time_s"; });
  if (end == report.totals.end() || report.ranks.empty() || !(end->second > 0)) return {};
  BusyShares shares;
  const double all = end->second * static_cast<double>(report.ranks.size());
  for (const auto& rank : report.ranks) {
    shares.compute += rank.compute.count() / all;
    shares.communication += rank.communication.count() / all;
    shares.waiting += rank.waiting.count() / all;
  }
  return shares;
}

std::optional<Seconds> time_on_devices(const std::vector<RankActivity>& ranks) {
  Seconds all{};
  for (const auto& rank : ranks) {
    if (!rank.on_device) return {};
    all += *rank.on_device;
  }
  return ranks.empty() ? std::nullopt : std::optional{all};
}

void keep_hottest(ShareOfTime& shares) {
  auto& links = shares.hottest_links;
  const auto up_to_rounding = [](const ShareOfTime::Link& link) {
    return std::round(link.busy_share / rounding);
  };
  std::ranges::stable_sort(links, std::ranges::greater{}, up_to_rounding);
  links.resize(std::min<std::size_t>(links.size(), 3));
}

std::vector<bool> fastest(const std::vector<CollectiveResult>& results) {
  std::map<std::tuple<std::string, std::uint64_t, bool>, std::size_t> best;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& result = results[i];
    const auto [at, first] = best.try_emplace({result.op, result.bytes, result.in_place}, i);
    if (!first && result.time < results[at->second].time * (1 - rounding)) at->second = i;
  }
  std::vector<bool> marks(results.size(), false);
  for (const auto& [problem, index] : best) marks[index] = true;
  return marks;
}

void fold_traffic(Report& report, int ranks, int limit) {
  const int group = (ranks + limit - 1) / limit;
  if (group <= 1) return;
  std::map<std::pair<int, int>, TrafficCell> folded;
  for (const auto& cell : report.traffic) {
    auto& into = folded[{cell.from / group, cell.to / group}];
    into.messages += cell.messages;
    into.bytes += cell.bytes;
  }
  report.traffic.clear();
  for (auto& [key, cell] : folded) {
    cell.from = key.first;
    cell.to = key.second;
    report.traffic.push_back(cell);
  }
  report.traffic_group = group;
}

std::vector<std::string> defects(const Report& report) {
  std::vector<std::string> found;
  const Seconds resolution = resolution_of(report);
  for (const auto& result : report.results) {
    const auto what = fmt::format("{} {} of {} B on {} ranks", result.op, result.algorithm,
                                  result.bytes, result.ranks);
    if (result.bound && result.time < *result.bound * (1 - rounding) - resolution)
      found.push_back(fmt::format("{} took {:.4f} us, less than the physical bound of {:.4f} us",
                                  what, result.time.count() * 1e6, result.bound->count() * 1e6));
    if (result.wrong.value_or(0) > 0)
      found.push_back(fmt::format("{} left {} wrong values", what, *result.wrong));
  }
  for (const auto& link : report.links)
    if (link.busy_share > 1 + rounding)
      found.push_back(
          fmt::format("link {} was busy {:.2f} % of the time", link.name, link.busy_share * 100));
  return found;
}

}  // namespace troupe::analysis
