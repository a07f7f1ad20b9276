#pragma once
// Training runs: a strategy of the table, and its curve.

#include "scenarios/run.hpp"

namespace troupe::scenarios {

/// Fills `report.training` and `report.totals`; returns what the backend knows of the whole run.
RunOutcome run_training(const Scenario& scenario, Backend& backend, const Progress& progress,
                        const Notes& notes, analysis::Report& report);

}  // namespace troupe::scenarios
