#include "platforms/facts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::platforms {

double FactorBySize::at(double bytes) const {
  double factor = 1;
  for (const Step& step : steps)
    if (bytes > step.above) factor = step.factor;
  return factor;
}
double FactorBySize::least() const {
  double least = steps.empty() || steps.front().above > 0 ? 1 : steps.front().factor;
  for (const Step& step : steps) least = std::min(least, step.factor);
  return least;
}
double FactorBySize::greatest() const {
  double greatest = steps.empty() || steps.front().above > 0 ? 1 : steps.front().factor;
  for (const Step& step : steps) greatest = std::max(greatest, step.factor);
  return greatest;
}

double NetworkModel::latency_factor_of(PairClass pair, double bytes) const {
  return factors_by_size ? by_size[static_cast<std::size_t>(pair)].latency.at(bytes)
                         : latency_factor;
}
double NetworkModel::bandwidth_factor_of(PairClass pair, double bytes) const {
  return factors_by_size ? by_size[static_cast<std::size_t>(pair)].bandwidth.at(bytes)
                         : bandwidth_factor;
}

void NetworkModel::scale_by_size(const FactorsByClass& factors) {
  const auto times = [](FactorBySize stated, double general) {
    stated.steps.insert(stated.steps.begin(), {-1, 1});
    for (auto& step : stated.steps) step.factor *= general;
    return stated;
  };
  factors_by_size = true;
  for (std::size_t pair = 0; pair < factors.size(); ++pair)
    by_size[pair] = {times(factors[pair].latency, latency_factor),
                     times(factors[pair].bandwidth, bandwidth_factor)};
}

Seconds NetworkModel::effective_latency(Seconds raw) const { return raw * latency_factor; }

BytesPerSecond NetworkModel::effective_bandwidth(BytesPerSecond raw, Seconds raw_latency) const {
  const double rate = raw.value * bandwidth_factor;
  const double round_trip = 2 * raw_latency.count();
  if (tcp_window <= 0 || round_trip <= 0) return {rate};
  return {std::min(rate, tcp_window / round_trip)};
}

std::string NetworkModel::text() const {
  return fmt::format(
      "{} ({}), latency ×{:g}, bandwidth ×{:g}{}, {}, {}{}", name, chosen_by, latency_factor,
      bandwidth_factor, factors_by_size ? " (they depend on the size)" : "",
      cross_traffic ? "cross-traffic" : "no cross-traffic",
      tcp_window > 0 ? fmt::format("TCP window {:g} B", tcp_window) : "no TCP window",
      one_connection ? ", one connection a pair" : "");
}

}  // namespace troupe::platforms
