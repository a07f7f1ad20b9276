#include "cli/platform.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "analysis/output.hpp"
#include "cli/draft.hpp"
#include "cli/options.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "scenarios/backend_loggp.hpp"
#include "scenarios/backend_simgrid.hpp"

namespace troupe::cli {
namespace {

using platforms::PairCosts;
using platforms::PlatformSummary;

constexpr std::size_t ranks_shown = 16;

int list() {
  const auto shipped = shipped_platforms();
  if (shipped.empty())
    throw BadInput{"no shipped platforms found: set TROUPE_PLATFORMS to their folder"};
  for (const auto& platform : shipped)
    fmt::print("{:<18} {}\n", platform.name, platform.description);
  return 0;
}

std::string rate(double bytes_per_second) {
  return fmt::format("{:.4g} GB/s", bytes_per_second * 1e-9);
}

void print_costs(std::string_view name, const PairCosts& costs) {
  if (costs.beta_median <= 0) return;
  fmt::print("  {:<18} latency {} (at most {}), bandwidth {} (at least {})\n", name,
             to_text(costs.alpha_median), to_text(costs.alpha_max), rate(1 / costs.beta_median),
             rate(1 / costs.beta_max));
}

using Lines = std::vector<std::pair<std::string, std::string>>;

void show(const PlatformSummary& summary, const Lines& classes, bool all) {
  fmt::print("{}\n", summary.name);
  const auto line = [](std::string_view key, const std::string& text) {
    fmt::print("  {:<18} {}\n", key, text);
  };
  line("digest", summary.digest);
  line("hosts", fmt::format("{}", summary.hosts.size()));
  line("ranks", fmt::format("{} on {} nodes", summary.ranks.size(), summary.nodes));
  if (!summary.grid.empty()) line("grid", fmt::format("{}", fmt::join(summary.grid, " x ")));
  line("network model", summary.network.text());
  print_costs("between ranks", summary.effective);
  print_costs("as stated", summary.raw);
  for (const auto& [name, parameters] : classes) line(name, parameters);
  line("reduction", rate(1 / summary.gamma));
  if (summary.bisection.value > 0) line("bisection", rate(summary.bisection.value));
  for (const auto& note : summary.notes) line("note", note);
  fmt::print("\n  {:>6}  {:<24} {:>5}  {}\n", "rank", "host", "node", "device");
  const auto shown = all ? summary.ranks.size() : std::min(summary.ranks.size(), ranks_shown);
  for (std::size_t rank = 0; rank < shown; ++rank) {
    const auto& place = summary.ranks[rank];
    const auto& host = summary.hosts[static_cast<std::size_t>(place.host)];
    fmt::print("  {:>6}  {:<24} {:>5}  {}\n", rank, host.name, place.node, host.device);
  }
  if (shown < summary.ranks.size())
    fmt::print("  ... {} more (--all)\n", summary.ranks.size() - shown);
}

void print_findings(const std::string& platform, const PlatformSummary& summary) {
  fmt::print("{}: good for {} ranks\n", platform, summary.ranks.size());
  for (const auto& finding : platforms::check(summary))
    fmt::print("  {}: {}\n",
               finding.weight == platforms::Finding::Weight::warning ? "warning" : "note",
               finding.text);
}

}  // namespace

int platform_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"platform list | show PLATFORM | check PLATFORM [options]",
                  "Lists the shipped platforms; shows what a platform is to the algorithms (ranks, "
                  "nodes, latency,\nbandwidth, model); or checks that it can be used and says what "
                  "looks wrong (exit status 0 or 2)."};
  declare_machine(options);
  options.group("Output");
  options.flag("all", "show every rank");
  options.value("json", "write the summary to a file (- for standard output)");
  options.value("dot", "write the network as a graph for Graphviz (- for standard output)");
  options.positional("what", 1, 2);
  options.examples(
      "  troupe platform show torus_8x8\n"
      "  troupe platform check my_cluster.xml --ranks 128 --ranks-per-host 2\n"
      "  troupe platform show star_16 --dot - | dot -Tsvg -o star.svg\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  const auto what = options.texts("what");
  static const std::array<std::string, 3> verbs{"list", "show", "check"};
  if (what.front() == "list" && what.size() == 1) return list();
  if (std::find(verbs.begin(), verbs.end(), what.front()) == verbs.end())
    throw BadInput{fmt::format("platform {}: expected list, show or check{}", what.front(),
                               did_you_mean(what.front(), verbs))};
  if (what.size() != 2)
    throw BadInput{fmt::format("usage: troupe platform {} PLATFORM", what.front())};
  for (const char* option : {"json", "dot"})
    if (options.given(option)) analysis::Output{options.text(option)};
  Draft draft;
  draft.apply_platform(what.back());
  draft.apply_machine(options);
  draft.apply_collective(options);
  const auto scenario = scenarios::read_scenario(draft.json(), draft.origin(), draft.folder());
  const scenarios::LoadedPlatform platform{
      *scenario.platform, {.cfg = options.texts("cfg"), .log = options.texts("log")}};
  const auto summary = platform.summary(options.given("dot"));
  if (options.given("json"))
    analysis::Output{options.text("json")}.write(to_json(summary).dump(1) + "\n");
  if (options.given("dot")) analysis::Output{options.text("dot")}.write(to_dot(summary));
  if (options.text("json") == "-" || options.text("dot") == "-") return 0;
  if (what.front() == "show")
    show(summary, scenarios::loggp_classes(*platform.placed(), scenario.eager_limit),
         options.given("all"));
  else print_findings(what.back(), summary);
  return 0;
}

}  // namespace troupe::cli
