// Ranks that take work of others.

#include "algorithms/strategy_tables.hpp"
#include "algorithms/work_stealing/work_stealing.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "work_stealing",
              .summary = "epochs in which ranks without work take chunks of others' shards",
              .settings = WorkStealing::settings},
     .family = "work_stealing",
     .source = "Blumofe and Leiserson, JACM 46(5), 1999",
     .synchronous = false,
     .run = work_stealing,
     .refusal = refusal_of_work_stealing,
     .stepping = Stepping::of_all,
     .uses = {.collective = Uses::always, .batch = Uses::never}},
};

}  // namespace

std::span<const Strategy> strategy_tables::work_stealing() { return table; }

}  // namespace troupe::algorithms
