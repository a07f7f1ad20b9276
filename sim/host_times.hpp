#pragma once
// Times of code on the host beside a device: copies of what it reads and writes, and its own work.

#include <vector>

#include "core/kernel.hpp"
#include "core/measured_device.hpp"

namespace troupe::sim {

/// A copy takes the time measured; between two measured sizes linearly in the logarithms of time
/// and size, below the first as long as that, above the last at its rate.
class HostTimes {
 public:
  HostTimes() = default;
  explicit HostTimes(const HostLink& link);

  /// Where no copy was measured the device's memory is the host's, and so is its work.
  bool is_apart() const noexcept { return !to_device_.empty() || !from_device_.empty(); }
  /// Everything it reads is copied here, everything it writes back; in between the longer of its
  /// arithmetic and its traffic. What was not measured costs nothing.
  Seconds time(const Opaque& kernel) const;

 private:
  /// Logarithms of bytes and of seconds.
  struct Point {
    double bytes, seconds;
  };
  using Copies = std::vector<Point>;
  static Copies copies_of(const std::vector<CopyTime>& measured);
  static Seconds time(const Copies& copies, Bytes amount);

  Copies to_device_, from_device_;
  FlopsPerSecond speed_{};
  BytesPerSecond memory_bandwidth_{};
};

}  // namespace troupe::sim
