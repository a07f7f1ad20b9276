#pragma once
// The real half of a validation: a scenario file on real ranks, in processes of their own.

#include "analysis/report.hpp"
#include "cli/options.hpp"

namespace troupe::cli {

/// Throws BadInput where real_run could not start: inside a launcher, or no troupe-mpi here.
void expect_real_run(const Options& options);

/// Runs `file` with --backend mpi under --launcher, or `mpirun -n RANKS`, with the options of
/// declare_machine and --set, and returns its report. What it prints goes to standard error. Throws
/// BadInput where no launcher is, and for what the run refuses; Error where it fails.
analysis::Report real_run(const std::string& file, int ranks, const Options& options);

}  // namespace troupe::cli
