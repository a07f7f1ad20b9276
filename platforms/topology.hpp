#pragma once
// A platform we make ourselves: hosts, links of one direction each, and a function that says which
// links a message crosses. Knows no simulator, so that routes and bisections can be tested alone.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"
#include "platforms/message_costs.hpp"

namespace troupe::platforms {

/// A computer, or one accelerator of a computer.
struct TopologyHost {
  std::string name;
  FlopsPerSecond speed{};
  std::string node{};    ///< hosts of equal node are one machine; empty: no statement
  std::string device{};  ///< name of a device profile; empty: none
  std::optional<BytesPerSecond> memory_bandwidth{};
  /// Hosts of equal processor divide one host's cores; empty: a host's own.
  std::string processor{};
  double sharing = 1;  ///< kernels at the same time there take so many times as long as in turn
};

/// One direction of a cable, or a port. Two directions are two links, NAME_UP and NAME_DOWN.
struct TopologyLink {
  std::string name;
  BytesPerSecond bandwidth{};
  Seconds latency{};
  /// Crossed by the messages of one host alone, and by all of them as it sends, or as it receives.
  bool own = false;
};

/// The indices of links, in the order a message crosses them.
using LinkPath = std::vector<int>;

struct Topology {
  std::vector<TopologyHost> hosts{};
  std::vector<TopologyLink> links{};
  /// The links from host `from` to host `to`, from ≠ to. Pure, and short: it is asked once a
  /// message.
  std::function<LinkPath(int from, int to)> route{};
  std::vector<int> grid{};  ///< dimensions of a torus, the last varying fastest; empty: no torus
  CostsByClass message_costs{};
  /// What the size of a message changes beyond its bytes; nothing where nobody said so.
  std::optional<FactorsByClass> by_size{};
};

}  // namespace troupe::platforms
