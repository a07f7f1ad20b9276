#pragma once
// The table that nccl-tests prints, for programs that read it.

#include <string>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// One table for each algorithm of the report; a collective measured only in place or only out of
/// place fills both halves of a line.
std::string nccl_table(const Report& report);

}  // namespace troupe::analysis
