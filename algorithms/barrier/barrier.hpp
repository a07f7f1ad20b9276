#pragma once
// Barrier: no rank leaves before the last has entered.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Hensgen, Finkel and Manber 1988.
///   ⌈log2 n⌉ messages of no bytes · ⌈log2 n⌉α
void dissemination_barrier(Communicator& comm);

}  // namespace troupe::algorithms
