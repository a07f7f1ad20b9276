#pragma once
// What one rank did in a run on real hardware, by its wall clock, and its device.

#include <cstdint>
#include <string_view>

#include "core/units.hpp"

namespace troupe {

/// At each moment a rank computes (a kernel of any of its flows runs), else communicates (the bytes
/// of a message of its are being moved), else waits (all of its flows are blocked in wait_any). The
/// rest of its time is the program's own code. A sender that cannot know whether its bytes already
/// move waits: only what the rank itself sees counts as communication. Where a device computes, a
/// rank computes while it launches kernels and while it waits for them; what the device does
/// meanwhile is not in here.
struct Activity {
  std::uint64_t messages = 0, bytes = 0;  ///< sent
  std::uint64_t received_messages = 0, received_bytes = 0;
  std::uint64_t kernels = 0;
  Flops flops{};
  Seconds computing{}, communicating{}, waiting{};
};

/// When a kernel ran on a rank's device, as the device timed it.
struct TimedKernel {
  std::string_view name;  ///< as name_of() has it
  Seconds begin{}, end{};
};

}  // namespace troupe
