#pragma once
// What carries messages between GPUs, and what NCCL cannot carry, said before anything runs.

#include <cstdint>
#include <span>
#include <string>

#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// Throws BadScenario, naming the first algorithm and why, unless NCCL can carry all that a
/// resolved scenario sends: real values, in schedules that are known beforehand
/// (static_schedule.hpp). Of trainings none is known.
void expect_nccl_can_carry(const Scenario& scenario, const Machine& machine);

/// Why ranks on these GPUs cannot meet over NCCL, which wants one a rank; empty if they can. A GPU
/// is anything that differs for two of them, such as "node 0000:1b:00.0".
std::string refusal_of_shared_gpus(std::span<const std::string> gpu_of_rank);

}  // namespace troupe::scenarios
