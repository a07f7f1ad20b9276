#pragma once
// The clock of a device, and that of its host. All of it is here: what implements an accelerator
// links no MPI.

#include <span>

#include "core/activity.hpp"
#include "core/units.hpp"

namespace troupe::mpi {

/// One moment on both clocks.
struct SameMoment {
  Seconds device{}, host{};
};

/// Turns times of the device's clock into times of the host's: both clocks run evenly through
/// `first` and `last`. Where no time lies between these, they run alike.
inline void tell_by_host(std::span<TimedKernel> kernels, SameMoment first, SameMoment last) {
  const Seconds device = last.device - first.device, host = last.host - first.host;
  const double rate = device > Seconds{} ? host / device : 1;
  for (TimedKernel& kernel : kernels)
    for (Seconds* const time : {&kernel.begin, &kernel.end})
      *time = first.host + rate * (*time - first.device);
}

}  // namespace troupe::mpi
