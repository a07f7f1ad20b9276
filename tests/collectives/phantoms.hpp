#pragma once
// Operands that have sizes and no values.

#include "algorithms/catalogue.hpp"

namespace troupe::tests {

/// Blocks of every collective for phantom values.
inline algorithms::Buffers phantoms(const algorithms::Problem& problem,
                                    algorithms::Collective collective, Rank me) {
  using algorithms::Collective;
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
