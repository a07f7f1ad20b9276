#pragma once
// Reports to test with.

#include "analysis/report.hpp"

namespace troupe::analysis::samples {

/// A result of an allreduce on 4 ranks.
CollectiveResult result(const char* algorithm, std::uint64_t bytes, double time_s);

/// Ring and tree at 1 KiB (tree wins) and 1 MiB (ring wins), with every section filled.
Report report();

/// A training run whose loss falls as given, one value a second.
Report training(std::vector<double> losses);

}  // namespace troupe::analysis::samples
