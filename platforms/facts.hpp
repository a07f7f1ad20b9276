#pragma once
// What is known about a loaded platform, as plain values: no simulator stands behind them.

#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace troupe::platforms {

struct HostFacts {
  std::string name;
  FlopsPerSecond speed{};  ///< of one core
  int cores = 1;
  std::string device{};  ///< name of a device profile; empty: charged by `speed` alone
  std::optional<BytesPerSecond> memory_bandwidth{};
};

/// A factor that depends on the size of a message.
struct FactorBySize {
  struct Step {
    double above = 0;  ///< bytes; a message of just so many is still below
    double factor = 1;
  };
  std::vector<Step> steps{};  ///< growing; messages below all of them: factor 1

  double at(double bytes) const;
  double least() const;
  double greatest() const;
};

/// How the network charges a message of m bytes on a quiet route of latency l and least bandwidth
/// b: l × latency_factor + m / (b × bandwidth_factor), the rate bounded by tcp_window / (2 l) where
/// the window is not 0.
struct NetworkModel {
  std::string name;  ///< as network/model: "CM02", "LV08", "SMPI", …
  double latency_factor = 1;
  double bandwidth_factor = 1;
  double tcp_window = 0;  ///< bytes in flight at most; 0: no bound
  bool cross_traffic = false;
  /// Who chose it: "--cfg", "scenario", "platform file" or "SimGrid's default".
  std::string chosen_by;
  /// Factors depend on the size of a message, as those of SMPI and IB do; those above are for 1
  /// MiB.
  bool factors_by_size = false;
  FactorBySize latency_by_size{}, bandwidth_by_size{};  ///< then
  /// Messages of a pair of ranks, and queues on their way, are served in order (decision 18). Else
  /// all share links, as in SimGrid. (In the LogGP world ports serve in order anyway.)
  bool one_connection = false;

  Seconds effective_latency(Seconds raw) const;
  BytesPerSecond effective_bandwidth(BytesPerSecond raw, Seconds raw_latency) const;
  /// One line: "CM02 (platform file), latency ×1, bandwidth ×1, no cross-traffic, no TCP window".
  std::string text() const;
};

/// The way of messages from one rank to another.
struct RouteFacts {
  std::vector<std::string> links{};      ///< by name, in the order crossed
  Seconds latency{};                     ///< the sum over the links
  BytesPerSecond bandwidth{};            ///< the least of the links
  Seconds effective_latency{};           ///< α: what the network model charges
  BytesPerSecond effective_bandwidth{};  ///< 1/β: what the network model grants a lone message
};

}  // namespace troupe::platforms
