#pragma once
// From what a person wrote to what is run: every default filled in, sizes and algorithms named one
// by one, and all that only the machine can tell checked.

#include "scenarios/backend.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {

/// A scenario with nothing left to decide, its JSON text and what of it could not be served.
struct Resolved {
  Scenario scenario;
  std::string json;
  std::string digest;  ///< of the text
  std::vector<analysis::Refusal> refused;
};

/// Resolves `scenario` for a machine. `simulated`: the kind of clock, which decides on iterations
/// and payload. Throws BadScenario: an algorithm named by the user refuses the problem, `auto`
/// without a platform, a root out of range, more memory than there is, ….
Resolved resolve(Scenario scenario, const Machine& machine, bool simulated);

/// The problem of one size, as algorithms take it.
algorithms::Problem problem_of(const CollectiveStudy& study, const Machine& machine, Bytes bytes);

}  // namespace troupe::scenarios
