#pragma once
// A program of Troupe: the commands, over whichever backends its main() was built with.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/backend.hpp"

namespace troupe::cli {

/// What differs between the executables.
struct Program {
  std::string_view name;             ///< "troupe", "troupe-mpi"
  std::string_view default_backend;  ///< "sim" or "mpi"
  std::span<const scenarios::BackendKind> backends;
  /// troupe platform list|show|check; null where platforms cannot be loaded.
  int (*platform)(const Program&, const std::vector<std::string>& arguments) = nullptr;
  /// Ends the other processes of the run, and this one, when a command fails; may do nothing.
  std::function<void(const std::string& message, int exit_status)> end_job{};
};

/// Runs the command line. Returns the exit status: 0 success, 1 the run failed, 2 usage or input,
/// 3 outside a threshold.
int run_program(const Program& program, int argc, char** argv);

/// One command.
struct Command {
  std::string_view name, summary;
  int (*run)(const Program&, const std::vector<std::string>& arguments);
};

}  // namespace troupe::cli
