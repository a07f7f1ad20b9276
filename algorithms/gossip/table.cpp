// Ranks that talk to a few others.

#include "algorithms/gossip/ad_psgd.hpp"
#include "algorithms/gossip/d_psgd.hpp"
#include "algorithms/gossip/incremental_gradient.hpp"
#include "algorithms/gossip/sgp.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "d_psgd",
              .summary = "ranks average with their neighbours on a graph at each step",
              .settings = DPsgd::settings},
     .family = "gossip",
     .source = "Lian et al., NIPS 2017, algorithm 1",
     .synchronous = true,
     .run = d_psgd,
     .refusal = refusal_of_d_psgd,
     .uses = {.graph = Uses::always}},
    {.kind = {.name = "ad_psgd",
              .summary = "a rank averages with one random neighbour after each gradient, alone",
              .settings = AdPsgd::settings},
     .family = "gossip",
     .source = "Lian et al., ICML 2018, algorithm 1",
     .synchronous = false,
     .run = ad_psgd,
     .refusal = refusal_of_ad_psgd,
     .uses = {.graph = Uses::always}},
    {.kind = {.name = "sgp",
              .summary = "sums pushed along a directed graph, and descent on their quotient",
              .settings = Sgp::settings},
     .family = "gossip",
     .source = "Assran et al., ICML 2019, algorithm 1",
     .synchronous = true,
     .run = sgp,
     .refusal = refusal_of_sgp,
     .uses = {.graph = "peers is graph"}},
    {.kind = {.name = "incremental_gradient",
              .summary = "one model walks round the ring of ranks, a gradient at each"},
     .family = "gossip",
     .source = "Nedić and Bertsekas, SIAM J. Optim. 12(1), 2001, section 2",
     .synchronous = true,
     .run = incremental_gradient,
     .refusal = refusal_of_incremental_gradient},
};

}  // namespace

std::span<const Strategy> strategy_tables::gossip() { return table; }

}  // namespace troupe::algorithms
