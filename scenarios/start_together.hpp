#pragma once
// Control flow around measurements: a barrier, and a common start. Costs messages of its own, which
// no result counts.

#include "core/communicator.hpp"

namespace troupe::scenarios {

/// Dissemination barrier (Hensgen, Finkel and Manber 1988): nobody leaves before all have entered.
void control_barrier(Communicator& comm);

/// Waits until the moment `until`; returns at once if it has passed.
void sleep_until(Communicator& comm, Seconds until);

/// How far this rank's clock is ahead of rank 0's: rank 0 asks each rank for its time, which is
/// taken to be that of the middle between question and answer; of several answers the fastest
/// counts (Cristian 1989). Off by at most half of what the two ways of a message differ by.
Seconds clock_ahead(Communicator& comm);

/// Lets all ranks go on at the same moment: rank 0 names one far enough away, so that no rank gains
/// a head start from leaving a barrier early (Hunold and Carpen-Amarie 2016). `ahead`: of this
/// rank's clock, where ranks do not share one. Returns the moment this rank goes on, on its clock.
Seconds start_together(Communicator& comm, Seconds ahead = {});

}  // namespace troupe::scenarios
