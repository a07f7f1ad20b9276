#pragma once
// What is known about a loaded platform, as plain values: no simulator stands behind them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace troupe::platforms {

struct HostFacts {
  std::string name;
  FlopsPerSecond speed{};  ///< of one core
  int cores = 1;
  std::string device{};  ///< name of a device profile; empty: charged by `speed` alone
  std::optional<BytesPerSecond> memory_bandwidth{};
  /// Hosts of equal processor divide one host's cores; empty: a host's own.
  std::string processor{};
  double sharing = 1;  ///< kernels at the same time there take so many times as long as in turn
};

/// Where two ranks are to each other.
enum class PairClass : std::uint8_t {
  same_host,
  same_node,  ///< other hosts of one node
  across      ///< nodes
};
inline constexpr std::array<std::string_view, 3> pair_classes{"same_host", "same_node", "across"};

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

/// On latency and bandwidth.
struct FactorsBySize {
  FactorBySize latency{}, bandwidth{};
};
using FactorsByClass = std::array<FactorsBySize, pair_classes.size()>;

/// For which factors by size are quoted where one number has to do: bytes.
inline constexpr double typical_message = 1 << 20;

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
  /// Factors depend on the size of a message. Those above are then for 1 MiB, where all pairs have
  /// the same, as under SMPI and IB; else (GPU clusters) what `by_size` was multiplied by.
  bool factors_by_size = false;
  FactorsByClass by_size{};  ///< then, whole
  /// Messages of a pair of ranks, and queues on their way, are served in order (decision 18). Else
  /// all share links, as in SimGrid. (In the LogGP world ports serve in order anyway.)
  bool one_connection = false;

  /// Of a message of so many bytes.
  double latency_factor_of(PairClass pair, double bytes) const;
  double bandwidth_factor_of(PairClass pair, double bytes) const;
  /// Factors by size come on top of the general ones.
  void scale_by_size(const FactorsByClass& factors);
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
