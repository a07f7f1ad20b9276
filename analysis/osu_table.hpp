#pragma once
// Results as the OSU Micro-Benchmarks print them, for programs that read those.

#include <string>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// The table of osu_allreduce and its like, one for each algorithm, whose name stands in a comment
/// above. Sizes are a rank's where OSU counts so (allgather, gather, scatter, all_to_all).
std::string osu_table(const Report& report);

}  // namespace troupe::analysis
