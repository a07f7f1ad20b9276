// Zero-gradient-sum, in all its forms.

#include "algorithms/strategy_tables.hpp"
#include "algorithms/zero_gradient_sum/columns.hpp"
#include "algorithms/zero_gradient_sum/continuous.hpp"
#include "algorithms/zero_gradient_sum/delayed.hpp"
#include "algorithms/zero_gradient_sum/event_triggered.hpp"
#include "algorithms/zero_gradient_sum/general.hpp"
#include "algorithms/zero_gradient_sum/lossy.hpp"
#include "algorithms/zero_gradient_sum/pairwise_equalising.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "zero_gradient_sum",
              .summary = "neighbours on a graph go from their own optima to that of the sum",
              .settings = ZeroGradientSum::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = zero_gradient_sum,
     .refusal = refusal_of_zero_gradient_sum,
     .finds_rate = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never}},
    {.kind = {.name = "general_zero_gradient_sum",
              .summary = "zero-gradient-sum for any strongly convex model with a Hessian"},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = general_zero_gradient_sum,
     .refusal = refusal_of_general,
     .finds_rate = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never}},
    {.kind = {.name = "continuous_zero_gradient_sum",
              .summary = "zero-gradient-sum as a differential equation, integrated",
              .settings = Continuous::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012, section III",
     .synchronous = true,
     .run = continuous_zero_gradient_sum,
     .refusal = refusal_of_continuous,
     .finds_rate = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never}},
    {.kind = {.name = "event_triggered_zero_gradient_sum",
              .summary = "zero-gradient-sum in which nodes speak when they have news",
              .settings = EventTriggered::settings},
     .family = "zero_gradient_sum",
     .source = "Chen and Ren, Automatica 65, 2016",
     .synchronous = true,
     .run = event_triggered_zero_gradient_sum,
     .refusal = refusal_of_quadratic_nodes,
     .finds_rate = true,
     .data_dependent = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never}},
    {.kind = {.name = "delayed_zero_gradient_sum",
              .summary = "zero-gradient-sum on estimates some steps old",
              .settings = Delayed::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = delayed_zero_gradient_sum,
     .refusal = refusal_of_quadratic_nodes,
     .finds_rate = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never}},
    {.kind = {.name = "lossy_zero_gradient_sum",
              .summary = "zero-gradient-sum over edges that lose messages",
              .settings = Lossy::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = lossy_zero_gradient_sum,
     .refusal = refusal_of_lossy,
     .finds_rate = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never}},
    {.kind = {.name = "pairwise_equalising",
              .summary = "two nodes at a time set their gradients' sum back to where it was",
              .settings = PairwiseEqualising::settings},
     .family = "zero_gradient_sum",
     .source = "Lu, Tang, Regier and Bow, arXiv 1002.2283, 2010",
     .synchronous = true,
     .run = pairwise_equalising,
     .refusal = refusal_of_pairwise_equalising,
     .stepping = Stepping::own,
     .uses = {.graph = "order is lexicographic", .optimiser = Uses::never, .batch = Uses::never}},
    {.kind = {.name = "column_zero_gradient_sum",
              .summary = "zero-gradient-sum on the dual, where ranks have columns",
              .settings = Columns::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = column_zero_gradient_sum,
     .refusal = refusal_of_columns,
     .finds_rate = true,
     .stepping = Stepping::own,
     .uses = {.graph = Uses::always, .batch = Uses::never},
     .footprint = footprint_of_part},
};

}  // namespace

std::span<const Strategy> strategy_tables::zero_gradient_sum() { return table; }

}  // namespace troupe::algorithms
