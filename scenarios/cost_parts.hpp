#pragma once
// What the closed form of a collective's time is made of.

#include "analysis/validation.hpp"

namespace troupe::scenarios {

/// Latency, bandwidth and reduction of results of the report's scenario, for the machine that it
/// was resolved for. Nothing for algorithms of plugins, and where no machine is known.
analysis::PartsOf cost_parts(const analysis::Report& report);

}  // namespace troupe::scenarios
