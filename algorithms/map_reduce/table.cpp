// Sums over shards, and scores of folds.

#include "algorithms/map_reduce/cross_validation.hpp"
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
     .stepping = Stepping::own,
     .uses = {.collective = "reduce is allreduce", .optimiser = Uses::never, .batch = Uses::never}},
    {.kind = {.name = "cross_validation",
              .summary = "a model for each fold of the samples, judged on that fold",
              .settings = CrossValidation::settings},
     .family = "allreduce",
     .source = "Stone, J. Royal Statistical Society B 36(2), 1974",
     .synchronous = true,
     .run = cross_validation,
     .refusal = refusal_of_cross_validation,
     .stepping = Stepping::of_all},
};

}  // namespace

std::span<const Strategy> strategy_tables::map_reduce() { return table; }

}  // namespace troupe::algorithms
