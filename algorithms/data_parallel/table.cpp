// Replicas that sum their gradients.

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/data_parallel/through_horovod.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "data_parallel",
              .summary = "replicas sum their gradients by an allreduce at each step",
              .settings = DataParallel::settings},
     .family = "allreduce",
     .source = "Dean et al., NIPS 2012; Patarasuk and Yuan, JPDC 69(2), 2009",
     .synchronous = true,
     .run = data_parallel,
     .refusal = refusal_of_replicas,
     .stepping = Stepping::of_all,
     .uses = {.collective = Uses::always}},
    {.kind = {.name = "horovod",
              .summary = "replicas sum their gradients through Horovod's interface, fused by size",
              .settings = ThroughHorovod::settings},
     .family = "allreduce",
     .source = "Sergeev and Del Balso, arXiv:1802.05799, 2018",
     .synchronous = false,
     .run = through_horovod,
     .refusal = refusal_of_replicas,
     .stepping = Stepping::of_all,
     .uses = {.collective = Uses::always}},
};

}  // namespace

std::span<const Strategy> strategy_tables::data_parallel() { return table; }

}  // namespace troupe::algorithms
