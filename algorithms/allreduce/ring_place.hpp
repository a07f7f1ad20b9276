#pragma once
// Where a rank stands on a ring that need not follow the numbers of the ranks.

#include "core/communicator.hpp"

namespace troupe::algorithms {

struct RingPlace {
  int position;
  Rank left, right;
};

/// The ring allreduce around a given ring.
void ring_allreduce(Communicator& comm, Slice vector, Op op, RingPlace ring);

}  // namespace troupe::algorithms
