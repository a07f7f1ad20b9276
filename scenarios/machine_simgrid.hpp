#pragma once
// What closed forms and bounds need to know of a loaded platform.

#include <vector>

#include "platforms/simgrid/simgrid_platform.hpp"
#include "scenarios/backend.hpp"
#include "sim/charging.hpp"

namespace troupe::scenarios {

/// One processor for each rank: its host's or the host's device's (peak rates times the profile's
/// efficiency), times the scenario's factor for that rank.
std::vector<sim::Processor> processors_of(const platforms::SimGridPlatform& platform,
                                          const ComputeChoice& compute);

/// Nodes, grid, and the figures of the network as its model charges them. `typical`: the median
/// over pairs of ranks, and the slowest processor. `best`: the least latency of any pair, the
/// widest access to the network that any rank has (the sum of the distinct first or last links of
/// its routes), and the fastest processor. Large platforms are sampled.
Machine machine_of(const platforms::SimGridPlatform& platform,
                   const std::vector<sim::Processor>& processors, sim::Compute compute);

}  // namespace troupe::scenarios
