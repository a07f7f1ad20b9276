#include "platforms/facts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::platforms {

Seconds NetworkModel::effective_latency(Seconds raw) const { return raw * latency_factor; }

BytesPerSecond NetworkModel::effective_bandwidth(BytesPerSecond raw, Seconds raw_latency) const {
  const double rate = raw.value * bandwidth_factor;
  const double round_trip = 2 * raw_latency.count();
  if (tcp_window <= 0 || round_trip <= 0) return {rate};
  return {std::min(rate, tcp_window / round_trip)};
}

std::string NetworkModel::text() const {
  return fmt::format(
      "{} ({}), latency ×{:g}, bandwidth ×{:g}{}, {}, {}", name, chosen_by, latency_factor,
      bandwidth_factor, factors_by_size ? " (for 1 MiB: they depend on the size)" : "",
      cross_traffic ? "cross-traffic" : "no cross-traffic",
      tcp_window > 0 ? fmt::format("TCP window {:g} B", tcp_window) : "no TCP window");
}

}  // namespace troupe::platforms
