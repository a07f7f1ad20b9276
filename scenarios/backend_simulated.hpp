#pragma once
// What the simulated backends share: from a scenario's choices to a simulation's options, and from
// a simulation's result to a report's parts.

#include <vector>

#include "platforms/placed.hpp"
#include "scenarios/backend.hpp"
#include "sim/options.hpp"
#include "sim/simulation_result.hpp"

namespace troupe::scenarios {

/// Charging, jitter, eager limit, and stacks as large as the payloads need.
sim::Options simulation_options(const Scenario& scenario);

/// One processor for each rank: its host's or the host's device's (peak rates times the profile's
/// efficiency), or the scenario's measured device, times the scenario's factor for that rank.
std::vector<sim::Processor> processors_of(const platforms::PlacedPlatform& platform,
                                          const ComputeChoice& compute);

/// Nodes, grid, and the figures of the network as its model charges them. `typical`: the median
/// over pairs of ranks, and the slowest processor. `best`: the least latency of any pair, the
/// widest access to the network that any rank has (the sum of the distinct first or last links of
/// its routes), and the fastest processor. Large platforms are sampled. Where times of kernels are
/// random or measured, no reduction has a least time.
Machine machine_of(const platforms::PlacedPlatform& platform,
                   const std::vector<sim::Processor>& processors, const sim::Options& options);

/// While a simulation goes on, what a Backend is asked for.
BusyTimes busy_times_of(const sim::SoFar& so_far, Rank rank, Seconds now);
std::map<std::string, Seconds> busy_links_of(const sim::SoFar& so_far);

/// Ranks, links and traffic.
void describe(const sim::SimulationResult& result, RunOutcome& outcome);

}  // namespace troupe::scenarios
