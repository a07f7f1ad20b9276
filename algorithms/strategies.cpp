#include "algorithms/strategies.hpp"

#include <algorithm>
#include <vector>

#include "algorithms/choice.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/schedule.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

std::string refusal_of_stepping(Stepping stepping, const OptimiserChoice& optimiser) {
  if (stepping == Stepping::of_all) return {};
  if (stepping != Stepping::own) {
    if (optimiser.kind() == "polyak")
      return "what is kept is a model of all ranks, not an average of one optimiser's steps, so "
             "that the optimiser cannot be \"polyak\"";
    if (stepping == Stepping::of_parts && optimiser.clip)
      return "an optimiser has a part of the gradient and cannot clip it by the norm of the whole";
    return {};
  }
  const std::string own = "the step is the strategy's own and takes nothing but a rate, ";
  if (optimiser.kind() != "sgd")
    return own + "so that the optimiser is \"sgd\"; \"" + optimiser.kind() + "\" given";
  const bool constant =  // a warm-up shows at the first step
      optimiser.schedule.kind() == "constant" && factor_of_schedule(optimiser.schedule, 0) == 1;
  if (!constant || optimiser.clip || optimiser.accumulate != 1)
    return own + "without schedule, clip or accumulate";
  return {};
}

}  // namespace

std::span<const Strategy> strategies() {
  static const std::vector<Strategy> joined = [] {
    using namespace strategy_tables;
    std::vector<Strategy> all;
    for (const std::span<const Strategy> table :
         {data_parallel(), map_reduce(), parameter_server(), asynchronous_sgd(), work_stealing(),
          butterfly(), zero_gradient_sum(), consensus(), model_averaging(), parallel(), gossip()})
      all.insert(all.end(), table.begin(), table.end());
    return all;
  }();
  return joined;
}

const Strategy& find_strategy(std::string_view name) {
  const auto all = strategies();
  const auto found =
      std::ranges::find(all, name, [](const Strategy& strategy) { return strategy.kind.name; });
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const Strategy& strategy : all) names.emplace_back(strategy.kind.name);
  throw BadInput(refusal_of_choice("strategy", name, names));
}

std::string refusal_of_use(std::string_view uses, const Choice& strategy) {
  if (uses == Uses::never) return strategy.kind() + " does not use it";
  return refusal_of_condition(uses, strategy, find_strategy(strategy.kind()).kind.settings);
}

std::string uses_in_words(const Uses& uses) {
  std::string words;
  for (const auto& [part, where] : {std::pair{"graph", uses.graph},
                                    {"collective", uses.collective},
                                    {"optimiser", uses.optimiser},
                                    {"batch", uses.batch}})
    if (where != Uses::never)
      words += (words.empty() ? "" : ", ") + std::string{part} +
               (where.empty() ? "" : " where " + std::string{where});
  return words;
}

std::string refusal_of_strategy(const TrainingProblem& problem, int ranks) {
  const Strategy& strategy = find_strategy(problem.strategy.kind());
  if (std::string why = refusal_of_choice("strategy", problem.strategy, {&strategy.kind, 1});
      !why.empty())
    return why;
  if (const std::string other = refusal_of_stepping(strategy.stepping, problem.optimiser);
      !other.empty())
    return other;
  return strategy.refusal(problem, ranks);
}

void train(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  if (const std::string why = refusal_of_strategy(problem, comm.size()); !why.empty())
    throw BadInput(problem.strategy.kind() + ": " + why);
  find_strategy(problem.strategy.kind()).run(comm, problem, log);
}

}  // namespace troupe::algorithms
