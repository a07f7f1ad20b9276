#include "cli/catalogue_page.hpp"

#include <fmt/format.h>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/models/model.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/strategies.hpp"
#include "cli/manual.hpp"
#include "core/text.hpp"

namespace troupe::cli {
namespace {

constexpr int shown_ranks = 16;

std::string cost_cells(const scenarios::Algorithm& algorithm) {
  const auto problem = example_problem(algorithm.collective, shown_ranks);
  const auto reason = algorithm.refusal(problem);
  const auto cost = reason.empty() ? algorithm.cost(problem, problem.machine) : std::nullopt;
  if (!cost) return fmt::format("{} | | |", reason);
  return fmt::format("{} | {} | {} |", cost->messages, cost->bytes, to_text(cost->time));
}

std::string collectives_section(const scenarios::AlgorithmTable& table) {
  std::string text = fmt::format(
      "## Collectives\n\nn ranks, M bytes, α seconds a message, β a byte sent, γ a byte reduced. "
      "Messages and bytes are those of the rank that sends most, of {} ranks and 1 MiB; the time "
      "is the closed form at α = 1 us, β = 0.1 ns and γ = 0. Tests hold messages and bytes to what "
      "ranks really send, and times to the simulator's clock.\n",
      shown_ranks);
  for (const auto collective : all_collectives) {
    const auto found = table.of(collective);
    if (found.empty()) continue;
    text += fmt::format(
        "\n### {}\n\n| algorithm | what it does | time | messages | bytes | example | source |\n"
        "|---|---|---|--:|--:|--:|---|\n",
        algorithms::name_of(collective));
    for (const auto* algorithm : found)
      text += fmt::format("| `{}` | {} | {} | {} {} |\n", algorithm->name,
                          markdown(algorithm->summary), markdown(algorithm->formula),
                          cost_cells(*algorithm), markdown(algorithm->source));
    for (const auto& library : table.baselines())
      if (library.collective == collective)
        text += fmt::format("| `{}` | {} | | | | | {} |\n", library.name, markdown(library.summary),
                            markdown(library.source));
  }
  return text;
}

std::string settings_table(std::span<const algorithms::AnySetting> settings) {
  if (settings.empty()) return {};
  std::string text = "\n| setting | what it is | value |\n|---|---|---|\n";
  for (const auto& setting : settings) {
    text += fmt::format("| `{}` | {} | {} |\n", algorithms::name_of(setting),
                        markdown(algorithms::help_of(setting)),
                        markdown(expectation_and_default(setting)));
  }
  return text;
}

std::string kind_section(const algorithms::Kind& kind) {
  return fmt::format("\n### {}\n\n{}.\n", kind.name, markdown(std::string{kind.summary})) +
         settings_table(kind.settings);
}

}  // namespace

std::array<Part, 3> parts() {
  return {
      {{"models", "model", "/training/model/kind", algorithms::kinds_of_models()},
       {"data", "data set", "/training/data/kind", algorithms::kinds_of_data()},
       {"optimisers", "optimiser", "/training/optimiser/kind", algorithms::kinds_of_optimisers()}}};
}

algorithms::Problem example_problem(algorithms::Collective collective, int ranks) {
  algorithms::Problem problem;
  problem.ranks = ranks;
  problem.count = 1 << 18;
  problem.machine = {.alpha = Seconds{1e-6}, .beta = 1e-10, .gamma = 0};
  if (collective == algorithms::Collective::all_to_all_v)
    problem.counts.assign(static_cast<std::size_t>(ranks) * static_cast<std::size_t>(ranks),
                          problem.count / static_cast<std::size_t>(ranks));
  return problem;
}

std::string expectation_and_default(const algorithms::AnySetting& setting) {
  const auto expectation =
      algorithms::is_file(setting) ? std::string{"a file"} : algorithms::expectation_of(setting);
  return fmt::format("{}; {} if not given", expectation,
                     algorithms::to_text(algorithms::fallback_of(setting)));
}

std::string catalogue_page(const scenarios::AlgorithmTable& table) {
  std::string text = "# Algorithms\n\nWhat `troupe algorithms` lists.\n\n" +
                     collectives_section(table) +
                     "\n## Strategies\n\nWays of training: `/training/strategy` of a scenario.\n";
  for (const auto& strategy : algorithms::strategies())
    text += fmt::format("\n### {}\n\n{}. Family `{}`; {}. Uses: {}. {}.\n", strategy.kind.name,
                        markdown(std::string{strategy.kind.summary}), strategy.family,
                        strategy.synchronous ? "synchronous: the same parameters on every backend"
                                             : "asynchronous: who comes first decides",
                        algorithms::uses_in_words(strategy.uses),
                        markdown(std::string{strategy.source})) +
            settings_table(strategy.kind.settings);
  for (const auto& part : parts()) {
    auto title = std::string{part.plural};
    title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
    text += fmt::format("\n## {}\n\n`{}` of a scenario.\n", title, part.pointer);
    for (const auto& kind : part.kinds) text += kind_section(kind);
  }
  return text;
}

}  // namespace troupe::cli
