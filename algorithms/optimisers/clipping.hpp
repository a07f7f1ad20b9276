#pragma once
// Clipping of gradients: a bound on how far one step can go.

#include <optional>

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// The same optimiser on gradients of norm `longest` at most: g ← g · min(1, longest / ‖g‖)
/// (Pascanu, Mikolov and Bengio, ICML 2013); as it is where there is no bound. The norm is that of
/// the vector at hand and costs no message. Where a rank has a part of a gradient only (a sharded
/// optimiser, a server of a range of keys), the norm of the whole would need an allreduce of one
/// number, and strategies of that kind refuse a bound.
std::unique_ptr<Optimiser> bounded(std::unique_ptr<Optimiser> optimiser,
                                   std::optional<double> longest);

/// g ← g · min(1, longest / ‖g‖) on this rank.
void clip(Communicator& comm, double longest, Slice gradient);

}  // namespace troupe::algorithms
