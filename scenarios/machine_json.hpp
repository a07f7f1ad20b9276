#pragma once
// What is known of a machine, as part of a resolved scenario.

#include <string>

#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// JSON text.
std::string to_json(const Machine& machine);
/// The inverse. Throws BadScenario with the pointer.
Machine machine_from_json(const std::string& text, const Origin& origin);

}  // namespace troupe::scenarios
