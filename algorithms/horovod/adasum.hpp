#pragma once
// Adasum: gradients are added where they point in different directions and averaged where they
// point in the same one.

#include <cstddef>
#include <span>

#include "core/communicator.hpp"

namespace troupe::algorithms::horovod {

/// In place; every rank ends with the same bits. `lengths` cuts the vector into tensors, each with
/// its own scalar products. EXPECTS a power of two of ranks and float32 or float64.
///   log2 n messages, M log2 n bytes
void adasum_allreduce(Communicator& comm, Slice vector, std::span<const std::size_t> lengths);

}  // namespace troupe::algorithms::horovod
