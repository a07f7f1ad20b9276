#pragma once
// Running a resolved scenario, whatever the backend, into a report.

#include <functional>

#include "analysis/report.hpp"
#include "scenarios/backend.hpp"
#include "scenarios/resolve.hpp"

namespace troupe::scenarios {

/// Told by rank 0 how far a run is, 0 … 1. May be called from another thread.
using Progress = std::function<void(double share)>;

/// Runs it once. The report is complete where backend.reporter() is true; elsewhere it has this
/// process's share only. Throws what the run throws (Deadlock, BackendError, …).
analysis::Report run(const Resolved& resolved, Backend& backend, const Progress& progress = {});

}  // namespace troupe::scenarios
