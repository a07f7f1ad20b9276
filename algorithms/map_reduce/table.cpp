// Sums over shards.

#include "algorithms/map_reduce/map_reduce.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "map_reduce",
              .summary = "sums over the shards, one reduction, one solve: least squares exactly",
              .settings = MapReduce::settings},
     .family = "allreduce",
     .source = "Chu et al., NIPS 2006, section 3",
     .synchronous = true,
     .run = map_reduce,
     .refusal = refusal_of_map_reduce,
     .stepping = Stepping::own},
};

}  // namespace

std::span<const Strategy> strategy_tables::map_reduce() { return table; }

}  // namespace troupe::algorithms
