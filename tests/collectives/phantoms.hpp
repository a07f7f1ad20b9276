#pragma once
// Operands that have sizes and no values.

#include "algorithms/catalogue.hpp"

namespace troupe::tests {

/// Blocks of every collective for phantom values.
inline algorithms::Buffers phantoms(const algorithms::Problem& problem,
                                    algorithms::Collective collective, Rank me) {
  using algorithms::Collective;
  if (collective == Collective::all_to_all_v) {
    const auto n = static_cast<std::size_t>(problem.ranks), self = static_cast<std::size_t>(me);
    std::size_t sent = 0, received = 0;
    for (std::size_t peer = 0; peer < n; ++peer) {
      sent += problem.counts[self * n + peer];
      received += problem.counts[peer * n + self];
    }
    return {Slice::phantom(sent), Slice::phantom(received)};
  }
  const Partition cut{Slice::phantom(problem.count), problem.ranks};
  const Slice all = Slice::phantom(problem.count), mine = Slice::phantom(cut.size_of_block(me));
  switch (collective) {
    case Collective::reduce_scatter:
    case Collective::scatter: return {all, mine};
    case Collective::allgather:
    case Collective::gather: return {mine, all};
    default: return {all, all};
  }
}

}  // namespace troupe::tests
