#pragma once
// The "collective" object of a scenario.

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "scenarios/algorithm_table.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/section.hpp"

namespace troupe::scenarios {

/// Reads and checks it. Algorithms must be in `table`; paths are relative to `folder`. Throws
/// BadScenario.
CollectiveStudy read_collective(const Section& section, const Origin& origin,
                                const AlgorithmTable& table, const std::string& folder);

/// The inverse, with every value stated.
nlohmann::ordered_json to_json(const CollectiveStudy& study);

}  // namespace troupe::scenarios
