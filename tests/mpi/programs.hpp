#pragma once
// Programs for mpirun that test what only MPI can get wrong. Each ends the job with a line on
// stderr and exit status 1 where it finds a broken promise.

#include <map>
#include <stdexcept>
#include <string>

#include "core/communicator.hpp"
#include "real_backend/mpi/world.hpp"

namespace troupe::tests {

using MpiPrograms = std::map<std::string, void (*)(mpi::World&)>;
MpiPrograms message_programs();
MpiPrograms flow_programs();
/// That wait for longer than they should, or end badly, for the scripts around them.
MpiPrograms programs_in_trouble();

constexpr Tag data{1}, signal{2};

inline void check(bool holds, const std::string& promise) {
  if (!holds) throw std::runtime_error{promise};
}

}  // namespace troupe::tests
