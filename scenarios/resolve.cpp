#include "scenarios/resolve.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/strategies.hpp"
#include "analysis/amount.hpp"
#include "core/text.hpp"
#include "platforms/digest.hpp"
#include "scenarios/machine_json.hpp"
#include "scenarios/memory_limit.hpp"
#include "scenarios/payload.hpp"
#include "scenarios/tuning.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Collective;
using algorithms::Problem;

std::string in_words(const CollectiveStudy& study, Bytes bytes) {
  return fmt::format("{} of {}", algorithms::name_of(study.op), to_text(bytes));
}

/// Least closed form among those that can serve the problem.
std::string cheapest(const AlgorithmTable& table, const CollectiveStudy& study,
                     const Machine& machine, const Problem& problem) {
  if (!machine.typical)
    throw BadScenario{
        "algorithm \"auto\" compares closed forms, which need the machine's figures: give "
        "--platform, or name an algorithm"};
  const Algorithm* best = nullptr;
  Seconds least = forever;
  for (const auto* algorithm : table.of(study.op)) {
    if (!algorithm->refusal(problem).empty()) continue;
    const auto cost = algorithm->cost(problem, *machine.typical);
    if (cost && (!best || cost->time < least)) {
      best = algorithm;
      least = cost->time;
    }
  }
  if (!best)
    throw BadScenario{fmt::format("no algorithm serves {} on {} ranks",
                                  in_words(study, Bytes{problem.bytes()}), problem.ranks)};
  return best->name;
}

/// All names that can serve the problem; the others are noted with their reasons.
std::vector<std::string> all_that_serve(const AlgorithmTable& table, const CollectiveStudy& study,
                                        const Problem& problem,
                                        std::vector<analysis::Refusal>& refused) {
  std::vector<std::string> names;
  for (const auto* algorithm : table.of(study.op)) {
    auto reason = algorithm->refusal(problem);
    if (reason.empty()) names.push_back(algorithm->name);
    else
      refused.push_back({.op = std::string{algorithms::name_of(study.op)},
                         .algorithm = algorithm->name,
                         .reason = std::move(reason),
                         .bytes = problem.bytes()});
  }
  if (names.empty())
    throw BadScenario{fmt::format("no algorithm serves {} on {} ranks",
                                  in_words(study, Bytes{problem.bytes()}), problem.ranks)};
  return names;
}

void check_named(const AlgorithmTable& table, const CollectiveStudy& study, const Machine& machine,
                 const Problem& problem, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto& algorithm = table.find(study.op, name);
    if (const auto& here = machine.baselines;
        algorithm.is_baseline() && std::ranges::find(here, name) == here.end())
      throw BadScenario{
          fmt::format("algorithm \"{}\" is a library's own {}: only with --backend {}", name,
                      algorithms::name_of(study.op), algorithm.only_on)};
    if (const auto reason = algorithm.refusal(problem); !reason.empty())
      throw BadScenario{fmt::format("{} {} cannot serve {} ranks at {}: {}", name,
                                    algorithms::name_of(study.op), problem.ranks,
                                    to_text(Bytes{problem.bytes()}), reason)};
  }
}

void plan(const AlgorithmTable& table, CollectiveStudy& study, const Machine& machine,
          std::vector<analysis::Refusal>& refused) {
  if (study.plan.empty()) {
    if (study.op == Collective::barrier) study.sizes = {Bytes{0}};
    for (const auto bytes : study.sizes) study.plan.push_back({bytes, study.algorithms});
  }
  std::optional<Tuning> tuning;
  for (auto& planned : study.plan) {
    const Problem problem = problem_of(study, machine, planned.bytes);
    const auto& first = planned.algorithms.front();
    if (first == "all") {
      auto names = all_that_serve(table, study, problem, refused);
      std::copy(planned.algorithms.begin() + 1, planned.algorithms.end(),
                std::back_inserter(names));
      planned.algorithms = std::move(names);
    } else if (first == "auto") {
      planned.algorithms = {cheapest(table, study, machine, problem)};
    } else if (first == "tuned") {
      if (!tuning) tuning = read_tuning(study.tuning);
      planned.algorithms = {choose(*tuning, study, machine, planned.bytes)};
    }
    check_named(table, study, machine, problem, planned.algorithms);
  }
}

void check_memory(const CollectiveStudy& study, const Machine& machine) {
  double most = 0;
  for (const auto& planned : study.plan)
    most = std::max(
        most, memory_needed(study.op, problem_of(study, machine, planned.bytes), study.in_place));
  const auto limit = memory_limit();
  const auto there = static_cast<double>(limit.bytes.value);
  if (most > 0.9 * there)
    throw BadScenario{
        fmt::format("real payloads on {} ranks need {:.1f} GiB, {} has {:.1f} GiB: use smaller "
                    "sizes or --payload phantom",
                    machine.ranks, most / (1 << 30), limit.owner, there / (1 << 30))};
}

void resolve_collective(Scenario& scenario, const Machine& machine, bool simulated,
                        std::vector<analysis::Refusal>& refused) {
  auto& study = *scenario.collective;
  if (study.iterations == 0) study.iterations = simulated ? 1 : 20;
  if (study.warmup < 0) study.warmup = simulated ? 0 : 5;
  if (study.root >= machine.ranks)
    throw BadScenario{
        fmt::format("root {} is no rank: ranks are 0 to {}", study.root, machine.ranks - 1)};
  // On a simulated clock values change no time, so they are made only where they are looked at.
  if (!scenario.phantom) scenario.phantom = simulated && !study.check.value_or(false);
  if (study.check.value_or(false) && *scenario.phantom)
    throw BadScenario{"phantom payloads have no values to check: use --payload real"};
  if (!study.check) study.check = !*scenario.phantom;
  plan(*scenario.algorithms, study, machine, refused);
  if (!*scenario.phantom && (simulated || machine.host_of_rank.empty()))
    check_memory(study, machine);
}

/// Throws BadScenario where a rank needs more memory than its device has.
void check_device_memory(const algorithms::TrainingProblem& problem, const Machine& machine) {
  if (!machine.least_memory) return;
  const auto& strategy = algorithms::find_strategy(problem.strategy.kind());
  const auto needed = strategy.footprint(problem, machine.ranks);
  const auto in_words = [&](double values) {
    return analysis::amount(values * static_cast<double>(size_of(problem.dtype)));
  };
  const auto& [rank, device, there] = *machine.least_memory;
  if (needed.values() * static_cast<double>(size_of(problem.dtype)) <=
      static_cast<double>(there.value))
    return;
  throw BadScenario{fmt::format(
      "strategy {} on {} ranks: a rank keeps {} at least ({} of parameters, {} of gradients, {} of "
      "the optimiser's, {} of activations), and rank {}, on a device {}, has {} of memory",
      problem.strategy.kind(), machine.ranks, in_words(needed.values()),
      in_words(needed.parameters), in_words(needed.gradients), in_words(needed.optimiser),
      in_words(needed.activations), rank, device,
      analysis::amount(static_cast<double>(there.value)))};
}

void resolve_training(Scenario& scenario, const Machine& machine) {
  auto& problem = *scenario.training;
  if (!scenario.phantom) scenario.phantom = false;
  problem.phantom = *scenario.phantom;
  problem.layout = machine.layout;
  if (machine.typical) problem.machine = *machine.typical;
  problem.dataset = algorithms::load_dataset(problem);
  if (const auto reason = algorithms::refusal_of_strategy(problem, machine.ranks); !reason.empty())
    throw BadScenario{fmt::format("strategy {} cannot run on {} ranks: {}", problem.strategy.kind(),
                                  machine.ranks, reason)};
  check_device_memory(problem, machine);
}

std::string default_name(const Scenario& scenario, const Machine& machine) {
  const auto what = scenario.collective ? std::string{algorithms::name_of(scenario.collective->op)}
                                        : scenario.training->strategy.kind();
  return machine.platform.empty() ? what : fmt::format("{} on {}", what, machine.platform);
}

}  // namespace

algorithms::Problem problem_of(const CollectiveStudy& study, const Machine& machine, Bytes bytes) {
  Problem problem;
  problem.ranks = machine.ranks;
  problem.count = bytes.value / size_of(study.dtype);
  problem.dtype = study.dtype;
  problem.op = study.redop;
  problem.average = study.average;
  problem.root = study.root;
  problem.segments = study.segments;
  problem.channels = study.channels;
  problem.radices = study.radices;
  problem.layout = machine.layout;
  if (machine.typical) problem.machine = *machine.typical;
  if (study.op == Collective::all_to_all_v)
    problem.counts = uneven_counts(problem.count, problem.ranks);
  return problem;
}

Resolved resolve(Scenario scenario, const Machine& machine, bool simulated) {
  Resolved resolved;
  if (!scenario.compute.speed.empty() &&
      scenario.compute.speed.size() != static_cast<std::size_t>(machine.ranks))
    throw BadScenario{fmt::format("/compute/speed has {} entries for {} ranks",
                                  scenario.compute.speed.size(), machine.ranks)};
  if (!simulated) scenario.compute.device.reset();  // the device itself computes
  if (!simulated && scenario.compute.jitter.kind != "none")
    throw BadScenario{
        fmt::format("/compute/jitter is \"{}\", which only a simulated clock can follow: on a real "
                    "machine work takes the time it takes; expected \"none\", or --backend sim",
                    scenario.compute.jitter.kind)};
  if (scenario.collective) resolve_collective(scenario, machine, simulated, resolved.refused);
  else resolve_training(scenario, machine);
  if (scenario.name.empty()) scenario.name = default_name(scenario, machine);
  scenario.machine = to_json(machine);
  resolved.json = to_json(scenario).dump();
  resolved.digest = platforms::digest_of(resolved.json);
  resolved.scenario = std::move(scenario);
  return resolved;
}

}  // namespace troupe::scenarios
