#pragma once
// Parts of an algorithm that have nothing to do with each other.

#include <vector>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Runs them at once, each in a flow of its own, and returns when all have. The flow that calls
/// would only wait, so it is that of the last. What a part throws is thrown once all have ended.
void side_by_side(Communicator& comm, std::vector<Task> parts);

}  // namespace troupe::algorithms
