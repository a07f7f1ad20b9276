// What zero-gradient-sum is compared with.

#include "algorithms/consensus/admm.hpp"
#include "algorithms/consensus/extra.hpp"
#include "algorithms/consensus/gradient_descent.hpp"
#include "algorithms/consensus/gradient_tracking.hpp"
#include "algorithms/consensus/mixing_node.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "decentralised_gradient_descent",
              .summary = "neighbours average and follow their own gradients",
              .settings = DecentralisedGradientDescent::settings},
     .family = "zero_gradient_sum",
     .source = "Nedic and Ozdaglar, IEEE TAC 54(1), 2009",
     .synchronous = true,
     .run = decentralised_gradient_descent,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always}},
    {.kind = {.name = "extra",
              .summary = "decentralised gradient descent that remembers a step and is exact",
              .settings = Extra::settings},
     .family = "zero_gradient_sum",
     .source = "Shi, Ling, Wu and Yin, SIAM J. Optim. 25(2), 2015",
     .synchronous = true,
     .run = extra,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always}},
    {.kind = {.name = "gradient_tracking",
              .summary = "neighbours mix estimates of the mean gradient as well",
              .settings = GradientTracking::settings},
     .family = "zero_gradient_sum",
     .source = "Nedic, Olshevsky and Shi, SIAM J. Optim. 27(4), 2017",
     .synchronous = true,
     .run = gradient_tracking,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always}},
    {.kind = {.name = "dva",
              .summary = "difference vector calibration: another name of gradient_tracking",
              .settings = GradientTracking::settings},
     .family = "zero_gradient_sum",
     .source = "Nedic, Olshevsky and Shi, SIAM J. Optim. 27(4), 2017",
     .synchronous = true,
     .run = gradient_tracking,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always}},
    {.kind = {.name = "decentralised_admm",
              .summary = "neighbours meet in the middle of edges, at growing prices",
              .settings = Admm::settings},
     .family = "zero_gradient_sum",
     .source = "Shi, Ling, Yuan, Wu and Yin, IEEE TSP 62(7), 2014",
     .synchronous = true,
     .run = decentralised_admm,
     .refusal = refusal_of_decentralised_admm,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .optimiser = Uses::never, .batch = Uses::never}},
    {.kind = {.name = "consensus_admm",
              .summary = "all meet at the mean, at growing prices, by an allreduce",
              .settings = Admm::settings},
     .family = "zero_gradient_sum",
     .source = "Boyd et al., Foundations and Trends in ML 3(1), 2011, section 7.1",
     .synchronous = true,
     .run = consensus_admm,
     .refusal = refusal_of_consensus_admm,
     .stepping = Stepping::own,
     .uses = {.collective = Uses::always, .optimiser = Uses::never, .batch = Uses::never}},
};

}  // namespace

std::span<const Strategy> strategy_tables::consensus() { return table; }

}  // namespace troupe::algorithms
