#include "catalogue.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/targets.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/run.hpp"
#include "scenarios/training_json.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::written_once {
namespace {

using algorithms::Strategy;
using algorithms::TrainingProblem;

std::string scenario_of(const TrainingProblem& problem, int ranks) {
  const nlohmann::ordered_json scenario{
      {"troupe", 1},
      {"seed", 3},
      {"platform", {{"file", TROUPE_SOURCE_DIR "/platforms/star_16.xml"}, {"ranks", ranks}}},
      {"training", scenarios::to_json(problem)}};
  return scenario.dump();
}

/// Null where nobody had all parameters to judge.
nlohmann::json loss_at(const analysis::TrainingPoint& point) {
  const auto loss = analysis::value_of(point, "loss");
  return loss ? nlohmann::json(*loss) : nlohmann::json(nullptr);
}

}  // namespace

std::vector<Case> catalogue(int ranks) {
  std::vector<Case> cases;
  for (const Strategy& strategy : algorithms::strategies()) {
    TrainingProblem problem = algorithms::determined_problem(strategy);
    problem.batch = 16;
    problem.evaluate_every = 10;
    // Its flows ask and answer in real time where ranks are real, which costs them most of a step.
    const bool talks = strategy.kind.name == "horovod";
    if (talks) problem.stop.steps = problem.evaluate_every = 5;
    if (!algorithms::refusal_of_strategy(problem, ranks).empty()) problem.batch = 0;
    if (!algorithms::refusal_of_strategy(problem, ranks).empty()) continue;
    const std::string name{strategy.kind.name};
    cases.push_back({name, scenario_of(problem, ranks), true});
    if (strategy.synchronous) continue;
    if (talks) {
      problem.strategy = algorithms::Choice{name};
    } else {
      const auto& order = algorithms::Inbox::order_setting;
      problem.strategy.set(order, order.fallback);
      problem.stop.steps *= 10;
      problem.evaluate_every *= 10;
    }
    cases.push_back({name + " in any order", scenario_of(problem, ranks), false});
  }
  return cases;
}

nlohmann::json run(const Case& one, const MakeBackend& make) {
  auto scenario = scenarios::read_scenario(nlohmann::json::parse(one.scenario),
                                           scenarios::Origin{one.name}, "/");
  const auto backend = make(scenario);
  const auto resolved =
      scenarios::resolve(std::move(scenario), backend->machine(), backend->simulated());
  const auto report = scenarios::run(resolved, *backend);
  if (!backend->reporter()) return nullptr;
  return {{"digest", report.parameters_digest},
          {"first", loss_at(report.training.front())},
          {"last", loss_at(report.training.back())}};
}

const Case& named(const std::vector<Case>& cases, const std::string& name) {
  const auto found = std::ranges::find(cases, name, &Case::name);
  EXPECTS(found != cases.end(), "a case of the catalogue");
  return *found;
}

}  // namespace troupe::written_once
