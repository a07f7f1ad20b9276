#pragma once
// The code of docs/horovod.md.

#include <string>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::tests {

/// Fits y = 2x + 1 by the samples x = 1, …, P, of which each rank sees its own; returns slope and
/// intercept. Rank 0 writes them to the file.
std::vector<double> fit_a_line(Communicator& comm, const std::string& checkpoint);

}  // namespace troupe::tests
