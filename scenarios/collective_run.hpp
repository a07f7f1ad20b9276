#pragma once
// Measuring collectives: sizes × algorithms, one after another in one run, each independent of the
// others.

#include "scenarios/run.hpp"

namespace troupe::scenarios {

/// Fills `report.results`; returns what the backend knows of the whole run.
RunOutcome run_collective(const Scenario& scenario, Backend& backend, const Progress& progress,
                          analysis::Report& report);

}  // namespace troupe::scenarios
