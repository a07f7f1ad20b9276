#pragma once
// Control flow around measurements: a barrier, and a common start. Costs messages of its own, which
// no result counts.

#include "core/communicator.hpp"

namespace troupe::scenarios {

/// Dissemination barrier (Hensgen, Finkel and Manber 1988): nobody leaves before all have entered.
void control_barrier(Communicator& comm);

/// Waits until the moment `until`; returns at once if it has passed.
void sleep_until(Communicator& comm, Seconds until);

/// Lets all ranks go on at the same moment of a clock they share: rank 0 names one far enough away,
/// so that no rank gains a head start from leaving a barrier early (Hunold and Carpen-Amarie 2016).
/// Returns the moment this rank goes on.
Seconds start_together(Communicator& comm);

}  // namespace troupe::scenarios
