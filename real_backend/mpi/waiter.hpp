#pragma once
// What an operation that is dropped before its end needs from the rank it belongs to.

#include "core/request.hpp"

namespace troupe::mpi {

class Waiter {
 public:
  /// Serves everything else of this rank until the operation has ended. Ends the job when that
  /// takes longer than Options::patience while an exception leaves the program.
  virtual void wait_until_done(const Operation& operation) noexcept = 0;

 protected:
  ~Waiter() = default;
};

}  // namespace troupe::mpi
