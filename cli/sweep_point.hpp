#pragma once
// One point of a sweep, run.

#include "analysis/report.hpp"
#include "cli/options.hpp"
#include "cli/program.hpp"
#include "scenarios/sweep.hpp"

namespace troupe::cli {

/// Checks that every platform is there: a file, or one that comes with Troupe. Throws BadPlatform
/// with point and nearest name.
void check_platforms(const scenarios::Sweep& sweep);

/// Simulates a point, once a process. Throws what a run throws, and Error for an impossible result.
analysis::Report simulate_point(const Program& program, const scenarios::Sweep& sweep,
                                const scenarios::SweepPoint& point);

/// The value of an option, a whole number above 0. Throws BadInput.
int number_above_0(const Options& options, const std::string& option);
/// --jobs, or as many as there are cores.
int jobs_from(const Options& options);

}  // namespace troupe::cli
