#include "scenarios/algorithm_table.hpp"

#include <fmt/format.h>

#include "core/plugin_loader.hpp"
#include "core/text.hpp"
#include "scenarios/baseline.hpp"
#include "scenarios/plugin_call.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::AlphaBetaGamma;
using algorithms::Buffers;
using algorithms::Collective;
using algorithms::Cost;
using algorithms::Entry;
using algorithms::Problem;

Algorithm from(const Entry& entry) {
  return {.collective = entry.collective,
          .name = std::string{entry.name},
          .family = std::string{entry.family},
          .summary = std::string{entry.summary},
          .source = std::string{entry.source},
          .formula = std::string{entry.formula},
          .static_schedule = entry.static_schedule,
          .run = entry.run,
          .cost =
              [&entry](const Problem& problem, const AlphaBetaGamma& machine) {
                return std::optional<Cost>{entry.cost(problem, machine)};
              },
          .refusal = entry.refusal};
}

Algorithm from(const Library& library, const Library::Call& call) {
  const auto collective = call.collective;
  return {.collective = collective,
          .name = std::string{library.name},
          .family = "baseline",
          .summary = fmt::format("{} own {}, to compare with: only with --backend {}",
                                 library.owner, call.name, library.backends),
          .source = std::string{library.source},
          .formula = "",
          .run = {},
          .cost = [](const Problem&, const AlphaBetaGamma&) { return std::nullopt; },
          .refusal = [&library, collective](
                         const Problem& problem) { return library.refusal(collective, problem); },
          .only_on = library.backends};
}

/// A plugin reduces in place: copies the input where it is apart, and averages afterwards.
void run_plugin(const PluginAllreduce& plugin, Communicator& comm, const Problem& problem,
                Buffers buffers) {
  if (buffers.input.address() != buffers.output.address() || buffers.input.is_phantom())
    compute(comm, Copy{.into = buffers.output, .from = buffers.input});
  call_plugin(plugin, comm, buffers.output, problem.op);
  if (problem.average) compute(comm, Scale{.a = 1.0 / problem.ranks, .x = buffers.output});
}

}  // namespace

AlgorithmTable::AlgorithmTable() {
  for (const auto& entry : algorithms::catalogue())
    if (entry.name != "auto") all_.push_back(from(entry));  // resolved by name, size by size
  for (const auto& library : libraries())
    for (const auto& call : library.calls) baselines_.push_back(from(library, call));
}

void AlgorithmTable::add_plugin(const std::string& file) {
  const auto plugins = load_plugin(file);
  for (const auto& plugin : plugins) {
    for (const auto* list : {&all_, &baselines_})
      for (const auto& algorithm : *list)
        if (algorithm.collective == Collective::allreduce && algorithm.name == plugin.name)
          throw BadInput{
              fmt::format("{}: there is an allreduce \"{}\" already", file, plugin.name)};
    all_.push_back(
        {.collective = Collective::allreduce,
         .name = plugin.name,
         .family = "plugin",
         .summary = plugin.summary ? plugin.summary : "",
         .source = file,
         .formula = "",
         .run = [&plugin](Communicator& comm, const Problem& problem,
                          Buffers buffers) { run_plugin(plugin, comm, problem, buffers); },
         .cost = [](const Problem&, const AlphaBetaGamma&) { return std::nullopt; },
         .refusal = [](const Problem&) { return std::string{}; }});
  }
}

std::vector<const Algorithm*> AlgorithmTable::of(Collective collective) const {
  std::vector<const Algorithm*> found;
  for (const auto& algorithm : all_)
    if (algorithm.collective == collective) found.push_back(&algorithm);
  return found;
}

const Algorithm& AlgorithmTable::find(Collective collective, const std::string& name) const {
  std::vector<std::string> names;
  for (const auto* list : {&all_, &baselines_})
    for (const auto& algorithm : *list) {
      if (algorithm.collective != collective) continue;
      if (algorithm.name == name) return algorithm;
      names.push_back(algorithm.name);
    }
  throw BadInput{fmt::format("unknown {} algorithm \"{}\"{} (one of {})",
                             algorithms::name_of(collective), name, did_you_mean(name, names),
                             fmt::join(names, ", "))};
}

}  // namespace troupe::scenarios
