#pragma once
// Everything about a loaded platform that outlives the simulator: what reports and `platform show`
// print, and what a real run reads from a resolved scenario.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "platforms/facts.hpp"
#include "platforms/graph.hpp"

namespace troupe::platforms {

/// Where a rank sits; the plain form of RankPlace.
struct RankFacts {
  int host = 0;  ///< index of PlatformSummary::hosts
  int slot = 0;
  int node = 0;
};

struct LinkFacts {
  std::string name;
  BytesPerSecond bandwidth{};
  Seconds latency{};
  bool shared = true;  ///< false: every flow gets all of it (SimGrid's FATPIPE)
  bool used = false;   ///< on one of the routes looked at
  bool own = false;  ///< known to be crossed by what one host sends, or receives, and nothing else
};

/// Costs of messages between ranks of different hosts, over all pairs looked at.
struct PairCosts {
  Seconds alpha_median{}, alpha_max{};   ///< per message
  double beta_median = 0, beta_max = 0;  ///< seconds per byte
};

struct PlatformSummary {
  std::string name;
  std::string digest;
  NetworkModel network;
  std::vector<HostFacts> hosts;  ///< in order of declaration
  std::vector<RankFacts> ranks;
  int nodes = 0;          ///< that hold ranks
  std::vector<int> grid;  ///< of a torus on which rank r sits at the r-th place
  std::vector<LinkFacts> links;
  PlatformGraph graph;

  PairCosts raw;        ///< as the platform states
  PairCosts effective;  ///< as the network model charges: α and β of closed forms and bounds
  int pairs = 0;        ///< ordered pairs of ranks the costs were taken from
  /// γ: seconds to reduce a byte of float32 on the slowest rank (roofline where the host has a
  /// device or a memory bandwidth).
  double gamma = 0;
  /// From the first half of the hosts to the second, in order of declaration, all pairs sending at
  /// once and sharing fairly over the platform's own routes; the worse of both directions.
  BytesPerSecond bisection{};
  int asymmetric_pairs =
      0;  ///< pairs of ranks whose ways there and back differ in latency or bandwidth
  std::vector<std::string> notes;  ///< what a person should know about these figures
};

/// Seconds to reduce one byte of float32 (two operands read, one written) on such a host.
double reduction_seconds_per_byte(const HostFacts& host);

/// Keys end in their units. Everything but the graph.
nlohmann::json to_json(const PlatformSummary& summary);
/// The inverse. Throws BadPlatform for what to_json does not write; `file` is for messages.
PlatformSummary summary_from_json(const nlohmann::json& document, const std::string& file);

/// Graphviz text of the network: hosts with their ranks, switches as points, cables with their
/// bandwidth and latency.
std::string to_dot(const PlatformSummary& summary);

/// Something about a platform that its owner may not know or want.
struct Finding {
  enum class Weight { note, warning };
  Weight weight = Weight::note;
  std::string text;
};
/// Looks for slips of units, a model nobody chose, unused hosts and links, uneven hosts, TCP
/// windows that bind, unknown devices, oversubscription. Warnings first.
std::vector<Finding> check(const PlatformSummary& summary);

}  // namespace troupe::platforms
