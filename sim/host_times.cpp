#include "sim/host_times.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::sim {

HostTimes::HostTimes(const HostLink& link)
    : to_device_{copies_of(link.to_device)},
      from_device_{copies_of(link.from_device)},
      speed_{link.speed},
      memory_bandwidth_{link.memory_bandwidth} {}

HostTimes::Copies HostTimes::copies_of(const std::vector<CopyTime>& measured) {
  Copies copies;
  for (const CopyTime& copy : measured)
    copies.push_back(
        {std::log(static_cast<double>(copy.bytes.value)), std::log(copy.timing.time.count())});
  return copies;
}

Seconds HostTimes::time(const Copies& copies, Bytes amount) {
  if (copies.empty() || amount.value == 0) return Seconds{};
  const double at = std::log(static_cast<double>(amount.value));
  const auto above = std::ranges::upper_bound(copies, at, {}, &Point::bytes);
  if (above == copies.begin()) return Seconds{std::exp(above->seconds)};
  const Point& low = *(above - 1);
  if (above == copies.end()) return Seconds{std::exp(low.seconds + at - low.bytes)};
  const double share = (at - low.bytes) / (above->bytes - low.bytes);
  return Seconds{std::exp(low.seconds + share * (above->seconds - low.seconds))};
}

Seconds HostTimes::time(const Opaque& kernel) const {
  Seconds own{};
  if (speed_.value > 0) own = kernel.work.flops / speed_;
  if (memory_bandwidth_.value > 0) own = std::max(own, kernel.work.bytes / memory_bandwidth_);
  for (const ConstSlice& read : kernel.reads) own += time(from_device_, Bytes{read.size_bytes()});
  for (const Slice& written : kernel.writes) own += time(to_device_, Bytes{written.size_bytes()});
  return own;
}

}  // namespace troupe::sim
