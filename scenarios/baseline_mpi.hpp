#pragma once
// MPI's own collectives on the problems of the catalogue.

#include "real_backend/mpi/collectives.hpp"
#include "scenarios/baseline.hpp"

namespace troupe::mpi {
class Accelerator;
}  // namespace troupe::mpi

namespace troupe::scenarios {

/// Values of a device that MPI cannot reach are copied to the host before the call, and the results
/// back after it: whole buffers, in the time of the call.
class MpiBaseline final : public Baseline {
 public:
  /// All ranks make it together, while there is a World. `accelerator`: where values are, or null.
  explicit MpiBaseline(mpi::Accelerator* accelerator) : accelerator_{accelerator} {}
  std::function<void(Communicator&)> prepare(algorithms::Collective collective,
                                             const algorithms::Problem& problem,
                                             algorithms::Buffers buffers) override;

 private:
  mpi::Collectives mpi_;
  mpi::Accelerator* accelerator_;
};

}  // namespace troupe::scenarios
