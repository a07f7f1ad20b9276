#pragma once
// Reports as JSON and CSV. The format is docs/formats.md's; every key of a number ends in its unit.

#include <string>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// The report as JSON. The same run of the same scenario gives the same bytes, but for the section
/// `wall_clock`, which `reproducible` leaves out.
std::string to_json(const Report& report, bool reproducible = false);

/// Reads what to_json wrote. Throws BadInput with `name`, JSON pointer, value and expectation.
Report report_from_json(const std::string& text, const std::string& name);

/// The results (or, of a training run, its curve) as comma-separated values with one header line of
/// the same names as in JSON.
std::string to_csv(const Report& report);

}  // namespace troupe::analysis
