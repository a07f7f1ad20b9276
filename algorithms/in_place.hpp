#pragma once
// The first line of every collective that may run in place.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Brings values to where they are needed: a Copy, or nothing when they are there already. Phantoms
/// have no address: they all count as being in place.
inline void bring(Communicator& comm, ConstSlice from, Slice into) {
  if (from.address() != into.address()) compute(comm, Copy{into, from});
}

}  // namespace troupe::algorithms
