#pragma once
// What local work costs on a simulated clock. Shared by all simulated worlds.

#include <algorithm>
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
  FlopsPerSecond speed{};           ///< sustained, float32
  FlopsPerSecond double_speed{};    ///< sustained, float64; 0: as `speed`
  FlopsPerSecond bfloat16_speed{};  ///< of a Gemm of bfloat16, in matrix units; 0: as `speed`
  BytesPerSecond memory_bandwidth{};
  Seconds launch{};  ///< paid once by every kernel that does anything
  std::shared_ptr<const MeasuredTimes> measured{};  ///< where they know a kernel, they come first
  double pace = 1;  ///< measured times are divided by it, as the rates above have been multiplied
};

/// What a kernel costs its program, and what it costs the device, which may be at it while the
/// program goes on to the next (Launching). Where only their sum is known, it is `running`.
struct KernelCost {
  Seconds launching{}, running{};
  bool waits = false;  ///< first for all that the device still has to do: code on the host
};

/// What `kernel` costs on `processor`; `done` is its work.
KernelCost cost(Compute model, const Processor& processor, const Kernel& kernel, const Work& done);
/// The time from its start to its end, of a kernel on its own.
Seconds charge(Compute model, const Processor& processor, const Kernel& kernel, const Work& done);
Seconds charge(Compute model, const Processor& processor, const Kernel& kernel);
/// How far the program of one flow is ahead of its device: launching hides behind what the device
/// still has to do. A program that waits for anything but kernels is not ahead any more.
class Launching {
 public:
  /// The program waits for the device, and is not ahead of it any more.
  void wait() noexcept { ahead_ = 0; }
  /// What is left of launching a kernel for `launching` seconds at `begin`, when those before are
  /// over: the device has nothing to do meanwhile.
  double rest(double begin, double launching) noexcept {
    constexpr double at_once = 2e-9;  // clocks of worlds round
    if (begin > until_ + at_once) ahead_ = 0;
    const double rest = std::max(0.0, launching - ahead_);
    ahead_ = std::max(0.0, ahead_ - launching);
    return rest;
  }
  /// The kernel has run for `running` seconds, until `end`.
  void ran(double end, double running) noexcept {
    ahead_ += running;
    until_ = end;
  }

 private:
  double ahead_ = 0, until_ = 0;
};

/// The time to copy `amount` within the memory of `processor` (read and written once).
Seconds charge_copy(Compute model, const Processor& processor, Bytes amount);

}  // namespace troupe::sim
