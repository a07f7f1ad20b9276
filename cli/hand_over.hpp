#pragma once
// The way from troupe, which holds SimGrid, to troupe-mpi and troupe-cuda, which hold MPI: one
// process must never hold both, so the one becomes the other. The libraries of CUDA take a second
// to load, which only those wait for who compute on GPUs.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.hpp"

namespace troupe::cli {

/// What starts ranks of the MPI that troupe-mpi was built with: mpirun of PATH if it is that one's,
/// or if no other is known. Nothing where there is none.
std::optional<std::string> mpi_launcher();
/// The same as a person would type it: "mpirun", wherever that will do.
std::string launcher_word();

/// The command that starts real ranks, as many and on the hosts that the options say:
/// "mpirun -n 8 -H a:4,b:4 troupe ... --backend mpi"; `ranks` where they do not say.
std::string launch_command(const Options& options, int ranks = 4);

/// How many ranks the launcher started. Throws BadInput outside mpirun and its like, with the
/// command that would start them.
int launched_ranks(const Options& options, int ranks = 4);

/// True in a process that a launcher started.
bool under_launcher();

/// Replaces this process by the sibling that has the backend asked for, running the resolved
/// scenario with the output options given here. Throws BadInput if it is not there.
[[noreturn]] void hand_over(const std::string& scenario, const Options& options);

/// Likewise with any command and its arguments.
[[noreturn]] void hand_over_command(std::vector<std::string> arguments, const Options& options);

/// True for the backends that a sibling has: mpi and cuda.
bool is_real(std::string_view backend);
/// Where the sibling with that backend is, if it is built or installed.
std::optional<std::string> sibling(std::string_view backend);

}  // namespace troupe::cli
