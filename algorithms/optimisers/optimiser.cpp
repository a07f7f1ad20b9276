#include "algorithms/optimisers/optimiser.hpp"

#include <algorithm>
#include <array>

#include "algorithms/optimisers/adagrad.hpp"
#include "algorithms/optimisers/adam.hpp"
#include "algorithms/optimisers/clipping.hpp"
#include "algorithms/optimisers/gradient_descent.hpp"
#include "algorithms/optimisers/momentum.hpp"
#include "algorithms/optimisers/polyak.hpp"
#include "algorithms/optimisers/schedule.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::array table{
    OptimiserKind{.kind = {.name = "sgd", .summary = "x <- x - rate g"},
                  .make = make_gradient_descent},
    OptimiserKind{.kind = {.name = "momentum",
                           .summary = "along a sum or a mean of the gradients so far",
                           .settings = Momentum::settings},
                  .make = Momentum::make,
                  .remembers = 1},
    OptimiserKind{.kind = {.name = "adam",
                           .summary = "along the mean of gradients over the root of their squares'",
                           .settings = Adam::settings},
                  .make = Adam::make,
                  .remembers = 2},
    OptimiserKind{.kind = {.name = "adamw",
                           .summary = "adam with weight decay beside the gradient, not in it",
                           .settings = AdamW::settings},
                  .make = AdamW::make,
                  .remembers = 2},
    OptimiserKind{.kind = {.name = "adagrad",
                           .summary = "each parameter's rate falls with the squares it has seen",
                           .settings = AdaGrad::settings},
                  .make = AdaGrad::make,
                  .remembers = 1},
    OptimiserKind{.kind = {.name = "polyak",
                           .summary = "sgd of a falling rate; what counts is the mean of its steps",
                           .settings = Polyak::settings},
                  .make = Polyak::make,
                  .remembers = 1},
};

constexpr auto kinds = [] {
  std::array<Kind, table.size()> names{};
  std::ranges::transform(table, names.begin(), &OptimiserKind::kind);
  return names;
}();

}  // namespace

std::span<const OptimiserKind> optimiser_kinds() { return table; }
std::span<const Kind> kinds_of_optimisers() { return kinds; }

const OptimiserKind& find_optimiser(std::string_view name) {
  find_kind("optimiser", name, kinds);
  return *std::ranges::find(table, name, [](const OptimiserKind& line) { return line.kind.name; });
}

std::unique_ptr<Optimiser> make_optimiser(const TrainingProblem& problem, std::size_t size) {
  const OptimiserChoice& choice = problem.optimiser;
  if (const std::string why = refusal_of_optimiser(choice); !why.empty()) throw BadInput(why);
  const OptimiserKind& line = find_optimiser(choice.kind());
  return bounded(scheduled(line.make(problem, size), choice.schedule), choice.clip);
}

std::string refusal_of_optimiser(const OptimiserChoice& optimiser) {
  if (const std::string why = refusal_of_choice("optimiser", optimiser, kinds); !why.empty())
    return why;
  return refusal_of_choice("schedule", optimiser.schedule, kinds_of_schedules());
}

}  // namespace troupe::algorithms
