#pragma once
// Ranks as threads of this process.

#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// The number of ranks a scenario asks for, or 4.
std::unique_ptr<Backend> make_loopback(const Scenario& scenario, const BackendOptions& options);

}  // namespace troupe::scenarios
