#pragma once
// Programs for mpirun whose values are in the memory of a detached device (detached.hpp), and what
// they share. Each ends the job with a line on stderr and exit status 1 where it finds a broken
// promise.

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"

namespace troupe::tests {

using Programs = std::map<std::string, void (*)(mpi::World&)>;
/// Kernels there and on the host.
const Programs& kernel_programs();
/// Flows there: what they follow of each other, and what not.
const Programs& flow_programs();
/// Messages there, in every mixture with the host's.
const Programs& message_programs();

inline void check(bool holds, const std::string& promise) {
  if (!holds) throw std::runtime_error{promise};
}

/// Runs a program on devices of a few seeds and settings, bare and checked.
void run(mpi::World& world, const std::function<void(Communicator&, DetachedAccelerator&)>& program,
         mpi::Options options = {});

Buffer on_device(DetachedAccelerator& device, const std::vector<float>& values);
std::vector<float> values_of(ConstSlice slice);

}  // namespace troupe::tests
