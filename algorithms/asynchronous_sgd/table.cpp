// Descent along gradients that are some updates old.

#include "algorithms/asynchronous_sgd/downpour.hpp"
#include "algorithms/asynchronous_sgd/gradient_history.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "downpour",
              .summary = "replicas fetch and push now and then and train alone in between",
              .settings = Downpour::settings},
     .family = "asynchronous_sgd",
     .source = "Dean et al., NIPS 2012, section 4.1",
     .synchronous = false,
     .run = downpour,
     .refusal = refusal_of_downpour,
     .stepping = Stepping::of_all,
     .footprint = footprint_of_downpour},
    {.kind = {.name = "stochastic_average_gradient",
              .summary = "descent along a history of gradients, one of each sample: sag or saga",
              .settings = GradientHistory::settings},
     .family = "asynchronous_sgd",
     .source = "Le Roux et al., NIPS 2012; Defazio et al., NIPS 2014; Leblond et al., AISTATS 2017",
     .synchronous = false,
     .run = stochastic_average_gradient,
     .refusal = refusal_of_gradient_history,
     .stepping = Stepping::own,
     .footprint = footprint_of_gradient_history},
};

}  // namespace

std::span<const Strategy> strategy_tables::asynchronous_sgd() { return table; }

}  // namespace troupe::algorithms
