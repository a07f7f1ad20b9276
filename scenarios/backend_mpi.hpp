#pragma once
// Ranks as processes of an MPI job.

#include "scenarios/backend.hpp"

namespace troupe::mpi {
class World;
}

namespace troupe::scenarios {

/// All ranks of the world, which must outlive the backend. The machine is what the scenario says of it,
/// if it was resolved with a platform. Throws BadInput if the scenario wants another number of ranks.
std::unique_ptr<Backend> make_mpi(const Scenario& scenario, mpi::World& world);

}  // namespace troupe::scenarios
