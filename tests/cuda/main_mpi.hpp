#pragma once
// The world of a test of its own that mpirun starts: MPI is initialised once a process.

#include "real_backend/mpi/world.hpp"

namespace troupe::tests {
mpi::World& world();
}  // namespace troupe::tests
