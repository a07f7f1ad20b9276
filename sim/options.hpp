#pragma once
// How a run is simulated, whichever world it runs in.

#include "core/units.hpp"
#include "sim/charging.hpp"
#include "sim/jitter.hpp"

namespace troupe::sim {

struct Options {
  Bytes eager_limit{0};
  Compute compute = Compute::roofline;
  Jitter jitter{};  ///< of the time of kernels, not of copies
  /// Stack of every flow. Real payloads need 512 KiB (Eigen puts up to 128 KiB on the stack),
  /// phantom ones 64 KiB.
  Bytes stack{512 * 1024};
};

}  // namespace troupe::sim
