#pragma once
// What an accelerator can do at most, according to the papers of its vendor. For estimates before
// there is a machine to measure; `troupe calibrate` replaces them afterwards.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/slice.hpp"
#include "core/units.hpp"

namespace troupe::platforms {

/// The rate of arithmetic on one type of number, dense (no structured sparsity).
struct Peak {
  Dtype dtype;
  FlopsPerSecond vector;  ///< outside matrix units: what a reduction of gradients gets
  FlopsPerSecond matrix;  ///< the best unit there is for matrix products of this type
};

struct DeviceProfile {
  std::string_view name;         ///< as in a host's property `device`
  std::string_view description;  ///< the exact product
  std::span<const Peak> peaks;
  BytesPerSecond memory_bandwidth;
  Bytes memory;  ///< what a model, its gradients and its optimiser have to fit into
  /// Share of a peak that large kernels reach. Vendors state none: 1 makes every roofline an upper
  /// bound, so that a simulated run is never slower than the device has to be.
  double efficiency;
  Seconds launch_overhead;  ///< of one kernel
  std::string_view peak_source;
  std::string_view memory_source;    ///< of the bandwidth
  std::string_view capacity_source;  ///< of the memory's size
  std::string_view overhead_source;

  /// The rate for `dtype` (matrix units included where `matrix`), times `efficiency`; nothing where
  /// the vendor states none.
  std::optional<FlopsPerSecond> rate(Dtype dtype, bool matrix) const;
};

/// V100, A100, H100, H200, B200, TPUv4, EPYC7763.
std::span<const DeviceProfile> device_profiles();
/// The profile of this name. Throws BadPlatform with the nearest name.
const DeviceProfile& device_profile(std::string_view name);

}  // namespace troupe::platforms
