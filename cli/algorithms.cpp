// troupe algorithms: what can be run, families first, with sources and costs.

#include <fmt/format.h>

#include <algorithm>

#include "algorithms/strategies.hpp"
#include "cli/catalogue_page.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/text.hpp"

namespace troupe::cli {
namespace {

using scenarios::Algorithm;

void list_part(const Part& part) {
  fmt::print("\n{} ({})\n\n", part.plural, part.pointer);
  for (const auto& kind : part.kinds) fmt::print("    {:<24} {}\n", kind.name, kind.summary);
}

void show_settings(std::span<const algorithms::AnySetting> settings) {
  if (settings.empty()) return;
  fmt::print("  settings:\n");
  for (const auto& setting : settings) {
    fmt::print("    {:<18} {}\n", algorithms::name_of(setting), algorithms::help_of(setting));
    fmt::print("    {:<18} {}\n", "", expectation_and_default(setting));
  }
}

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
  for (const auto collective : all_collectives) {
    if (only && *only != collective) continue;
    const auto found = table.of(collective);
    if (found.empty()) continue;
    fmt::print("\n{} (troupe collective --op {})\n\n", algorithms::name_of(collective),
               algorithms::name_of(collective));
    for (const auto* algorithm : found)
      fmt::print("    {:<24} {}\n", algorithm->name,
                 algorithm->formula.empty() ? algorithm->summary : algorithm->formula);
    for (const auto& library : table.baselines())
      if (library.collective == collective)
        fmt::print("    {:<24} {}\n", library.name, library.summary);
  }
  fmt::print(
      "\nn ranks, M bytes, alpha seconds a message, beta a byte sent, gamma a byte "
      "reduced; troupe algorithms show NAME says more.\n");
}

void show_cost(const Algorithm& algorithm, int ranks) {
  const auto problem = example_problem(algorithm.collective, ranks);
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

void show(const algorithms::Strategy& strategy) {
  fmt::print("strategy {}\n  {}\n  source: {}\n  family: {}\n  {}\n  uses: {}\n",
             strategy.kind.name, strategy.kind.summary, strategy.source, strategy.family,
             strategy.synchronous ? "synchronous: the same parameters on every backend"
                                  : "asynchronous: who comes first decides",
             algorithms::uses_in_words(strategy.uses));
  show_settings(strategy.kind.settings);
}

void show(const Part& part, const algorithms::Kind& kind) {
  fmt::print("{} {}\n  {}\n  scenario: {}\n", part.singular, kind.name, kind.summary, part.pointer);
  show_settings(kind.settings);
}

void show_named(const scenarios::AlgorithmTable& table, const std::string& name) {
  std::vector<std::string> names;
  bool found = false;
  const auto is_it = [&](std::string_view candidate) {
    names.emplace_back(candidate);
    if (candidate != name) return false;
    if (found) fmt::print("\n");
    return found = true;
  };
  for (const auto& strategy : algorithms::strategies())
    if (is_it(strategy.kind.name)) show(strategy);
  for (const auto& part : parts())
    for (const auto& kind : part.kinds)
      if (is_it(kind.name)) show(part, kind);
  for (const auto* list : {&table.all(), &table.baselines()})
    for (const auto& algorithm : *list)
      if (is_it(algorithm.name)) show(algorithm);
  if (!found)
    throw BadInput{
        fmt::format("no strategy, model, data set, optimiser or collective is called \"{}\"{}",
                    name, did_you_mean(name, names))};
}

void list(const scenarios::AlgorithmTable& table, const std::string& section) {
  if (section == "strategies") return list_strategies();
  if (section == "collectives") return list_collectives(table, {});
  std::vector<std::string> names{"show", "strategies", "collectives"};
  for (const auto& part : parts()) {
    if (part.plural == section) return list_part(part);
    names.emplace_back(part.plural);
  }
  throw BadInput{fmt::format("algorithms \"{}\": expected one of {}{}", section,
                             fmt::join(names, ", "), did_you_mean(section, names))};
}

void list_all(const scenarios::AlgorithmTable& table) {
  list_strategies();
  for (const auto& part : parts()) list_part(part);
  list_collectives(table, {});
}

}  // namespace

int algorithms_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"algorithms [strategies|models|data|optimisers|collectives|show NAME] [options]",
                  "Lists what can be run and with what, or shows one of them with its settings."};
  options.value("op", "list one collective only");
  options.value("format", "text, or markdown: all of it with settings and costs (text)");
  options.values("plugin", "shared library with algorithms; may be repeated");
  options.positional("what", 0, 2);
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  scenarios::AlgorithmTable table;
  for (const auto& plugin : options.texts("plugin")) table.add_plugin(plugin);
  const auto what = options.texts("what");
  if (const auto format = options.text("format", "text"); format == "markdown") {
    if (!what.empty() || options.given("op"))
      throw BadInput{"--format markdown is of the whole catalogue: name no part of it"};
    fmt::print("{}", catalogue_page(table));
    return 0;
  } else if (format != "text") {
    const std::vector<std::string> formats{"text", "markdown"};
    throw BadInput{fmt::format("--format \"{}\": expected text or markdown{}", format,
                               did_you_mean(format, formats))};
  }
  if (!what.empty() && what.front() == "show") {
    if (what.size() != 2) throw BadInput{"usage: troupe algorithms show NAME"};
    show_named(table, what.back());
  } else if (!what.empty()) {
    if (what.size() != 1) throw BadInput{"usage: troupe algorithms show NAME"};
    list(table, what.front());
  } else if (options.given("op")) {
    list_collectives(table, algorithms::collective_named(options.text("op")));
  } else {
    list_all(table);
  }
  return 0;
}

}  // namespace troupe::cli
