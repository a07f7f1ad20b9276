#include "algorithms/strategies.hpp"

#include <algorithm>
#include <array>

#include "algorithms/asynchronous_sgd/downpour.hpp"
#include "algorithms/butterfly/butterfly_mixing.hpp"
#include "algorithms/choice.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/models/model.hpp"
#include "algorithms/parameter_server/parameter_server.hpp"
#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::array<Strategy, 5> table{{
    {.name = "data_parallel",
     .family = "allreduce",
     .summary = "replicas sum their gradients by an allreduce at each step",
     .source = "Dean et al., NIPS 2012; Patarasuk and Yuan, JPDC 69(2), 2009",
     .synchronous = true,
     .run = data_parallel,
     .refusal = refusal_of_data_parallel},
    {.name = "parameter_server",
     .family = "parameter_server",
     .summary = "workers push gradients to rank 0 and pull parameters: bsp, ssp or asp",
     .source = "Li et al., OSDI 2014; Ho et al., NIPS 2013",
     .synchronous = false,
     .run = parameter_server,
     .refusal = refusal_of_parameter_server},
    {.name = "butterfly_mixing",
     .family = "butterfly",
     .summary = "ranks average with one partner of a butterfly at each step",
     .source = "Zhao and Canny, SDM 2013",
     .synchronous = true,
     .run = butterfly_mixing,
     .refusal = refusal_of_butterfly},
    {.name = "zero_gradient_sum",
     .family = "zero_gradient_sum",
     .summary = "neighbours on a graph go from their own optima to that of the sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = zero_gradient_sum,
     .refusal = refusal_of_zero_gradient_sum},
    {.name = "downpour",
     .family = "asynchronous_sgd",
     .summary = "replicas fetch and push now and then and train alone in between",
     .source = "Dean et al., NIPS 2012, section 4.1",
     .synchronous = false,
     .run = downpour,
     .refusal = refusal_of_downpour},
}};

}  // namespace

std::span<const Strategy> strategies() { return table; }

const Strategy& find_strategy(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Strategy::name);
  if (found != table.end()) return *found;
  std::vector<std::string> names;
  for (const Strategy& strategy : table) names.emplace_back(strategy.name);
  throw BadInput(refusal_of_choice("strategy", name, names));
}

}  // namespace troupe::algorithms
