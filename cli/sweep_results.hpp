#pragma once
// What a sweep leaves: its points as lines of JSON, and as rows for tables.

#include <string>
#include <vector>

#include "analysis/report.hpp"
#include "analysis/rows.hpp"
#include "cli/sweep_folder.hpp"

namespace troupe::cli {

/// What a point gave, as a folder keeps it: {"status":0,"rows":[…]} or {"status":…,"error":…}.
std::string line_of(const analysis::Report& report);
std::string line_of_failure(int status, const std::string& why);

struct SweepFailure {
  std::size_t point = 0;
  int status = 0;
  std::string why;
};

/// All points in order.
struct SweepResults {
  std::string lines;                 ///< JSON Lines
  std::vector<analysis::Row> rows;   ///< point, fields, status, what the point gave, failure
  std::vector<std::string> columns;  ///< of the rows
  std::vector<SweepFailure> failures;
};

/// Gathers what the folder keeps; a point that is not there has failed, too.
SweepResults gather(const scenarios::Sweep& sweep, const SweepFolder& folder);

/// The columns that a person looks at first.
std::vector<std::string> columns_for_people(const scenarios::Sweep& sweep,
                                            const SweepResults& results);

}  // namespace troupe::cli
