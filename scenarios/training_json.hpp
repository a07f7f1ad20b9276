#pragma once
// The "training" object of a scenario.

#include <nlohmann/json_fwd.hpp>

#include <string>

#include "algorithms/training_problem.hpp"
#include "scenarios/section.hpp"

namespace troupe::scenarios {

/// Reads and checks it. `seed` is the scenario's, for whatever states none of its own; paths are
/// relative to `folder`.
algorithms::TrainingProblem read_training(const Section& section, std::uint64_t seed,
                                          const std::string& folder);

/// The inverse, with every value stated.
nlohmann::ordered_json to_json(const algorithms::TrainingProblem& problem);

}  // namespace troupe::scenarios
