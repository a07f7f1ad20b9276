#pragma once
// What the launcher tells a process through its environment, before MPI is initialised.

#include <optional>
#include <string>
#include <string_view>

#include "core/tag.hpp"

namespace troupe::mpi {

/// This process's place in a job.
struct Launch {
  std::string_view launcher;  ///< "Open MPI", "Slurm", …
  Rank rank = 0;
  int size = 1;
  int local_rank = 0;  ///< among the ranks of this node: picks the GPU; 0 where not told
};

/// Where mpirun, mpiexec, srun or torchrun says this process is; nothing when it was started by
/// hand. Throws BadInput when a launcher's variables are not numbers or contradict each other.
std::optional<Launch> find_launch();

/// The same from an environment given as a function from name to value (null: not set).
std::optional<Launch> find_launch(const char* (*variable)(const char* name));

}  // namespace troupe::mpi
