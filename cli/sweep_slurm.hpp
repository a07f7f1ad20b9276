#pragma once
// Sweeps on a cluster that Slurm runs: an array of jobs, each with a share of the points, and one
// after them that gathers the results. All work in the sweep's folder, which they must share.

#include <string>

#include "cli/sweep_folder.hpp"

namespace troupe::cli {

struct SlurmJob {
  std::string program;    ///< this executable
  std::string sweep;      ///< file, absolute
  int tasks = 1;          ///< of the array
  bool reports = false;   ///< keep whole reports
  std::string arguments;  ///< more for sbatch, as in a shell
};

/// Writes slurm/array.sh and slurm/gather.sh, as sbatch takes them, into the folder.
void write_scripts(const SlurmJob& job, const SweepFolder& folder);

/// Submits both. Nobody may have locked the folder any more. Returns the numbers of the jobs, "17
/// and 18". Throws BadInput where there is no sbatch, Error with its words where it refuses.
std::string submit(const SlurmJob& job, const std::string& folder);

}  // namespace troupe::cli
