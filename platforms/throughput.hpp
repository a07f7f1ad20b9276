#pragma once
// What a network carries when many send at once and share fairly.

#include <span>
#include <vector>

#include "core/units.hpp"
#include "platforms/topology.hpp"

namespace troupe::platforms {

/// A link as a set of flows sees it.
struct Capacity {
  BytesPerSecond bandwidth{};
  bool shared = true;  ///< false: every flow gets all of it (SimGrid's FATPIPE)
};

/// The sum of the rates of all `flows`, each a path of indices into `links`, under max-min
/// fairness: all rates grow together, and a flow stops where one of its links is full.
BytesPerSecond fair_throughput(std::span<const LinkPath> flows, std::span<const Capacity> links);

}  // namespace troupe::platforms
