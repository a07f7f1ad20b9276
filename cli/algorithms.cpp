// troupe algorithms: what can be run, families first, with sources and costs.

#include <fmt/format.h>

#include <algorithm>

#include "algorithms/strategies.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/text.hpp"
#include "scenarios/algorithm_table.hpp"

namespace troupe::cli {
namespace {

using scenarios::Algorithm;

constexpr std::array<algorithms::Collective, 10> collectives{
    algorithms::Collective::allreduce,    algorithms::Collective::reduce_scatter,
    algorithms::Collective::allgather,    algorithms::Collective::broadcast,
    algorithms::Collective::reduce,       algorithms::Collective::scatter,
    algorithms::Collective::gather,       algorithms::Collective::all_to_all,
    algorithms::Collective::all_to_all_v, algorithms::Collective::barrier};

void list_strategies() {
  fmt::print("Training strategies (troupe run, /training/strategy)\n\n");
  std::vector<std::string_view> families;
  for (const auto& strategy : algorithms::strategies())
    if (std::find(families.begin(), families.end(), strategy.family) == families.end())
      families.push_back(strategy.family);
  for (const auto family : families) {
    fmt::print("  {}\n", family);
    for (const auto& strategy : algorithms::strategies())
      if (strategy.family == family)
        fmt::print("    {:<24} {}\n", strategy.kind.name, strategy.kind.summary);
  }
}

void list_collectives(const scenarios::AlgorithmTable& table,
                      const std::optional<algorithms::Collective>& only) {
  for (const auto collective : collectives) {
    if (only && *only != collective) continue;
    const auto found = table.of(collective);
    if (found.empty()) continue;
    fmt::print("\n{} (troupe collective --op {})\n\n", algorithms::name_of(collective),
               algorithms::name_of(collective));
    for (const auto* algorithm : found)
      fmt::print("    {:<24} {}\n", algorithm->name,
                 algorithm->formula.empty() ? algorithm->summary : algorithm->formula);
  }
  fmt::print(
      "\nn ranks, M bytes, alpha seconds a message, beta a byte sent, gamma a byte "
      "reduced; troupe algorithms show NAME says more.\n");
}

void show_cost(const Algorithm& algorithm, int ranks) {
  algorithms::Problem problem;
  problem.ranks = ranks;
  problem.count = 1 << 18;
  problem.machine = {.alpha = Seconds{1e-6}, .beta = 1e-10, .gamma = 0};
  if (algorithm.collective == algorithms::Collective::all_to_all_v)
    problem.counts.assign(static_cast<std::size_t>(ranks) * static_cast<std::size_t>(ranks),
                          problem.count / static_cast<std::size_t>(ranks));
  if (const auto reason = algorithm.refusal(problem); !reason.empty()) {
    fmt::print("  {:>5} ranks, 1 MiB: {}\n", ranks, reason);
    return;
  }
  if (const auto cost = algorithm.cost(problem, problem.machine))
    fmt::print(
        "  {:>5} ranks, 1 MiB: {} messages and {} bytes a rank at most, {} messages in all, "
        "{} at 1 us and 10 GB/s\n",
        ranks, cost->messages, cost->bytes, cost->total_messages, to_text(cost->time));
}

void show(const Algorithm& algorithm) {
  fmt::print("{} {}\n  {}\n", algorithms::name_of(algorithm.collective), algorithm.name,
             algorithm.summary);
  if (!algorithm.formula.empty()) fmt::print("  cost:   {}\n", algorithm.formula);
  if (!algorithm.source.empty()) fmt::print("  source: {}\n", algorithm.source);
  fmt::print("  family: {}\n", algorithm.family);
  for (const int ranks : {4, 16, 64}) show_cost(algorithm, ranks);
}

void show_named(const scenarios::AlgorithmTable& table, const std::string& name) {
  std::vector<std::string> names;
  bool found = false;
  for (const auto& strategy : algorithms::strategies()) {
    names.emplace_back(strategy.kind.name);
    if (strategy.kind.name != name) continue;
    found = true;
    fmt::print("{}\n  {}\n  source: {}\n  family: {}\n  {}\n", strategy.kind.name,
               strategy.kind.summary, strategy.source, strategy.family,
               strategy.synchronous ? "synchronous: the same parameters on every backend"
                                    : "asynchronous: who comes first decides");
  }
  for (const auto& algorithm : table.all()) {
    names.push_back(algorithm.name);
    if (algorithm.name != name) continue;
    if (found) fmt::print("\n");
    found = true;
    show(algorithm);
  }
  if (!found)
    throw BadInput{
        fmt::format("no algorithm or strategy \"{}\"{}", name, did_you_mean(name, names))};
}

}  // namespace

int algorithms_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"algorithms [show NAME] [options]",
                  "Lists training strategies and collectives, or shows one of them."};
  options.value("op", "list one collective only");
  options.values("plugin", "shared library with algorithms; may be repeated");
  options.positional("what", 0, 2);
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  scenarios::AlgorithmTable table;
  for (const auto& plugin : options.texts("plugin")) table.add_plugin(plugin);
  const auto what = options.texts("what");
  if (!what.empty()) {
    if (what.front() != "show" || what.size() != 2)
      throw BadInput{"usage: troupe algorithms show NAME"};
    show_named(table, what.back());
    return 0;
  }
  std::optional<algorithms::Collective> only;
  if (options.given("op")) only = algorithms::collective_named(options.text("op"));
  else list_strategies();
  list_collectives(table, only);
  return 0;
}

}  // namespace troupe::cli
