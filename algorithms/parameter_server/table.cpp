// Servers and workers.

#include "algorithms/parameter_server/parameter_server.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "parameter_server",
              .summary = "workers push gradients to servers and pull parameters: bsp, ssp or asp",
              .settings = ParameterServer::settings},
     .family = "parameter_server",
     .source = "Li et al., OSDI 2014; Ho et al., NIPS 2013",
     .synchronous = false,
     .run = parameter_server,
     .refusal = refusal_of_parameter_server,
     .stepping = Stepping::of_all,
     .footprint = footprint_of_parameter_server},
};

}  // namespace

std::span<const Strategy> strategy_tables::parameter_server() { return table; }

}  // namespace troupe::algorithms
