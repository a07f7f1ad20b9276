#pragma once
// Times of kernels from measured ones: what a simulated processor charges in place of a roofline.

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/measured_device.hpp"
#include "sim/charging.hpp"
#include "sim/host_times.hpp"

namespace troupe::sim {

/// A measured shape takes the time measured. Another is found among the measured ones of its
/// kernel, form and dtype, which are a grid over its sizes: linearly in the logarithms of time and
/// sizes within the grid's cell, so that times grow wherever the measured ones do. (Sizes of a
/// convolution: channels, filters, pixels of the output, of the window, batch; of pooling: planes,
/// pixels of the output, of the window.) Outside the grid, and where it has holes, with the rate of
/// the nearest measured shape. Never less than the launch overhead.
class MeasuredTimes {
 public:
  explicit MeasuredTimes(const MeasuredDevice& device);
  ~MeasuredTimes();

  /// Nothing where no shape of its kernel, form and dtype was measured. One thread asks.
  ///
  /// Where the file has times of the device, launching and running are known apart: a row of such a
  /// kernel took what launching takes, if launching among others was not measured. Any other
  /// kernel's took what running takes; it is launched in the median of what those of its kind and
  /// form are, or else in the overhead.
  std::optional<KernelCost> cost_of(const KernelShape& shape) const;

  /// What kernels take that are code on the host.
  const HostTimes& host() const noexcept { return host_; }
  Seconds launch_overhead() const noexcept { return launch_overhead_; }
  /// The best of any Gemm of operands of that dtype and of any Copy; 0 where there is none.
  FlopsPerSecond speed(Dtype dtype) const noexcept;
  BytesPerSecond memory_bandwidth() const noexcept { return memory_bandwidth_; }

 private:
  class Grid;
  struct Hash {
    std::size_t operator()(const KernelShape& shape) const noexcept;
  };

  std::vector<std::unique_ptr<Grid>> grids_;
  Seconds launching(const KernelShape& shape) const;

  mutable std::unordered_map<KernelShape, std::optional<KernelCost>, Hash> known_;
  std::vector<KernelTime> launched_;  ///< of each kind that was measured apart, the median
  HostTimes host_;
  Seconds launch_overhead_{};
  std::map<Dtype, FlopsPerSecond> speeds_;
  BytesPerSecond memory_bandwidth_{};
};

}  // namespace troupe::sim
