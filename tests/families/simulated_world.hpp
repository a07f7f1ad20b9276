#pragma once
// The simulated world that an executable's tests are made for: loggp_world.cpp or
// simgrid_world.cpp.

#include <functional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "sim/simulation_result.hpp"

namespace troupe::algorithms {

/// Runs a program on so many hosts that take 1e-10 s a flop, on links of 2 µs and 1 GB/s.
sim::SimulationResult run_simulated(int ranks, const std::function<void(Communicator&)>& program);

/// The names of the strategies that every_strategy_test.cpp trains there.
std::vector<std::string> strategies_to_simulate();

}  // namespace troupe::algorithms
