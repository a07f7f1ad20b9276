#pragma once
// Running a resolved scenario, whatever the backend, into a report.

#include <functional>

#include "analysis/report.hpp"
#include "scenarios/backend.hpp"
#include "scenarios/resolve.hpp"

namespace troupe::scenarios {

/// Told by rank 0 how far a run is, 0 … 1. May be called from another thread.
using Progress = std::function<void(double share)>;
/// Told sentences for the person who started the run, such as a setting outside its sound range.
/// May be called from another thread.
using Notes = std::function<void(const std::string& sentence)>;

/// Runs it once. Notes are told at once, and stand in the report's environment. The report is
/// complete where backend.reporter() is true; elsewhere it has this process's share only. A trace
/// that a TracedBackend leaves goes, with its phases, to `trace`. Throws what the run throws
/// (Deadlock, BackendError, …).
analysis::Report run(const Resolved& resolved, Backend& backend, const Progress& progress = {},
                     const Notes& notes = {}, analysis::Trace* trace = nullptr);

}  // namespace troupe::scenarios
