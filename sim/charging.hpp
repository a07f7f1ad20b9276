#pragma once
// What local work costs on a simulated clock. Shared by all simulated worlds.

#include <cstdint>
#include <memory>

#include "core/kernel.hpp"
#include "core/units.hpp"

namespace troupe::sim {

class MeasuredTimes;

/// How kernels are charged.
enum class Compute : std::uint8_t {
  roofline,  ///< what was measured; else the longer of arithmetic and memory traffic, plus the
             ///< launch (Williams, Waterman, Patterson 2009)
  flops,     ///< arithmetic only
  none       ///< nothing: a network study
};

/// The processor of one rank. A rate of 0 is unknown and costs nothing.
struct Processor {
  FlopsPerSecond speed{};         ///< sustained, float32
  FlopsPerSecond double_speed{};  ///< sustained, float64; 0: as `speed`
  BytesPerSecond memory_bandwidth{};
  Seconds launch{};  ///< paid once by every kernel that does anything
  std::shared_ptr<const MeasuredTimes> measured{};  ///< where they know a kernel, they come first
  double pace = 1;  ///< measured times are divided by it, as the rates above have been multiplied
};

/// The time `kernel` takes on `processor`; `done` is its work.
Seconds charge(Compute model, const Processor& processor, const Kernel& kernel, const Work& done);
Seconds charge(Compute model, const Processor& processor, const Kernel& kernel);
/// The time to copy `amount` within the memory of `processor` (read and written once).
Seconds charge_copy(Compute model, const Processor& processor, Bytes amount);

}  // namespace troupe::sim
