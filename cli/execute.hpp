#pragma once
// Running one scenario on the backend asked for, and what becomes of the report.

#include "analysis/report.hpp"
#include "analysis/table.hpp"
#include "cli/draft.hpp"
#include "cli/options.hpp"
#include "cli/program.hpp"

namespace troupe::cli {

/// The backend of that name; nullptr where the sibling program, troupe-mpi, has it. Throws BadInput
/// for one that is unknown or not built.
const scenarios::BackendKind* backend_named(const Program& program, const std::string& name);

/// Declares --json, --csv, --trace, --format, --reproducible, --device-times, --quiet, --min-busbw.
void declare_output(Options& options);

/// A run that has ended.
struct Executed {
  analysis::Report report;
  scenarios::Machine machine;
  bool reporter = true;  ///< whether this process is the one that tells
};

/// Reads, checks, resolves and runs the scenario. With --backend mpi where this program has none,
/// the process becomes troupe-mpi and does not return. `arguments`: the options to hand on to it.
Executed execute(const Program& program, const Draft& draft, const Options& options);

/// The scenario as it would be run, as JSON for a person.
std::string resolved_text(const Program& program, const Draft& draft, const Options& options);

/// Prints and writes the report as the options say, and judges it. Returns the exit status.
int conclude(const Executed& executed, const Options& options);

/// Checks that the outputs of the options can be written, each into a file of its own that is not
/// the scenario or platform that is read; before a run.
void check_outputs(const Options& options, const std::string& scenario = {});

}  // namespace troupe::cli
