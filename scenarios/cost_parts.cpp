#include "scenarios/cost_parts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scenarios/machine_json.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::AlphaBetaGamma;
using algorithms::Entry;
using algorithms::Problem;

const Entry* entry_of(const analysis::CollectiveResult& result) {
  for (const auto& entry : algorithms::catalogue())
    if (name_of(entry.collective) == result.op && entry.name == result.algorithm) return &entry;
  return nullptr;
}

/// What a scenario says of one collective beyond its size.
Problem problem_of(const nlohmann::json& scenario, const Machine& machine) {
  Problem problem;
  problem.layout = machine.layout;
  problem.machine = *machine.typical;
  const Origin origin{"the report's scenario"};
  const Section whole{scenario, origin, ""}, study = whole.section("collective");
  problem.root = static_cast<Rank>(study.whole("root", 0, 0, INT32_MAX));
  problem.segments = static_cast<int>(study.whole("segments", 0, 0, INT32_MAX));
  problem.channels = static_cast<int>(study.whole("channels", 0, 0, INT32_MAX));
  if (study.has("radices"))
    for (const auto radix : study.wholes("radices", 2))
      problem.radices.push_back(static_cast<int>(radix));
  return problem;
}

}  // namespace

analysis::PartsOf cost_parts(const analysis::Report& report) {
  const auto scenario = nlohmann::json::parse(report.scenario);
  if (!scenario.is_object() || !scenario.contains("machine") || !scenario.contains("collective"))
    return {};
  const auto machine =
      machine_from_json(scenario["machine"].dump(), Origin{"the report's scenario"});
  if (!machine.typical) return {};
  return [common = problem_of(scenario, machine),
          costs = *machine.typical](const analysis::CollectiveResult& result) {
    const auto* entry = entry_of(result);
    std::vector<analysis::Share> parts;
    if (!entry || entry->collective == algorithms::Collective::all_to_all_v) return parts;
    Problem problem = common;
    problem.ranks = result.ranks;
    problem.count = result.count;
    problem.dtype = dtype_named(result.dtype);
    if (!entry->refusal(problem).empty()) return parts;
    parts = {{"latency", entry->cost(problem, {.alpha = costs.alpha}).time},
             {"bandwidth", entry->cost(problem, {.beta = costs.beta}).time},
             {"reduction", entry->cost(problem, {.gamma = costs.gamma}).time}};
    return parts;
  };
}

}  // namespace troupe::scenarios
