#pragma once
// Where values are: the first line of every collective that may run in place, and memory for what
// only passes through.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Brings values to where they are needed: a Copy, or nothing when they are there already. Phantoms
/// have no address: they all count as being in place.
inline void bring(Communicator& comm, ConstSlice from, Slice into) {
  if (from.address() != into.address()) compute(comm, Copy{into, from});
}

/// What the memory must be like that a rank passes values on through: its own slice, but an empty
/// slice may have no address and still be no phantom, while what passes through is real. (Where
/// everything is phantom, real memory that receives phantoms does no harm.)
inline ConstSlice like_values_of(ConstSlice own) {
  static constexpr std::byte somewhere{};
  return own.empty() ? ConstSlice{&somewhere, 0, own.dtype(), own.memory()} : own;
}

}  // namespace troupe::algorithms
