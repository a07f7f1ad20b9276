#pragma once
// What operations need to know of the rank they belong to, and one that is dropped from it.

#include "core/request.hpp"

namespace troupe::mpi {

class Lane;

class Waiter {
 public:
  /// Serves everything else of this rank until the operation has ended. Ends the job when that
  /// takes longer than Options::patience while an exception leaves the program.
  virtual void wait_until_done(const Operation& operation) noexcept = 0;
  /// True if what is given to this lane counts as complete once the accelerator has it: the lane
  /// of the rank's own flow, which all others follow where they touch the same memory.
  virtual bool runs_ahead(const Lane& lane) const noexcept = 0;

  /// True while the rank has other flows than its own.
  virtual bool has_flows() const noexcept = 0;

 protected:
  ~Waiter() = default;
};

}  // namespace troupe::mpi
