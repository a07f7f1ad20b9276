#pragma once
// Looks over a loaded platform and writes down what outlives it.

#include "platforms/simgrid/simgrid_platform.hpp"
#include "platforms/summary.hpp"

namespace troupe::platforms {

/// The summary of `platform`. Looks at the routes of all pairs of ranks up to 256 ranks, beyond
/// that at those 1, 2, 4, … ranks apart; `notes` says which, and hold the platform's notices. The
/// graph, which only pictures need, takes most of the time where there are many hosts; without it,
/// it has no vertices.
PlatformSummary survey(const SimGridPlatform& platform, bool with_graph = true);

}  // namespace troupe::platforms
