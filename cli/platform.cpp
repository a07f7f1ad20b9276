#include "cli/platform.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/draft.hpp"
#include "cli/options.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "scenarios/backend_simgrid.hpp"

namespace troupe::cli {
namespace {

using algorithms::AlphaBetaGamma;
using scenarios::Machine;

int list() {
  const auto platforms = shipped_platforms();
  if (platforms.empty())
    throw BadInput{"no shipped platforms found: set TROUPE_PLATFORMS to their folder"};
  for (const auto& platform : platforms) fmt::print("{:<24} {}\n", platform.name, platform.file);
  return 0;
}

void print_model(std::string_view name, const std::optional<AlphaBetaGamma>& model) {
  if (!model) return;
  const auto per_byte = [](double seconds) {
    return seconds > 0 ? fmt::format("{:.4g} GB/s", 1e-9 / seconds) : std::string{"not limited"};
  };
  fmt::print("  {:<22} latency {}, bandwidth {}, reduction {}\n", name,
             to_text(model->alpha), per_byte(model->beta), per_byte(model->gamma));
}

int nodes_of(const Machine& machine) {
  int nodes = 0;
  for (const int node : machine.layout.node_of_rank) nodes = std::max(nodes, node + 1);
  return nodes;
}

void show(const Machine& machine, const scenarios::Backend& backend, bool all) {
  fmt::print("{}\n  {:<22} {}\n  {:<22} {} on {} nodes\n", machine.platform, "digest",
             machine.digest, "ranks", machine.ranks, nodes_of(machine));
  if (!machine.layout.grid.empty())
    fmt::print("  {:<22} {}\n", "grid", fmt::join(machine.layout.grid, " x "));
  for (const auto& [key, text] : backend.facts()) fmt::print("  {:<22} {}\n", key, text);
  print_model("between two ranks", machine.typical);
  print_model("at best, of any rank", machine.best);
  fmt::print("\n  {:>6}  {:<24} {:>4}\n", "rank", "host", "node");
  const auto shown = all ? machine.host_of_rank.size()
                         : std::min<std::size_t>(machine.host_of_rank.size(), 16);
  for (std::size_t rank = 0; rank < shown; ++rank)
    fmt::print("  {:>6}  {:<24} {:>4}\n", rank, machine.host_of_rank[rank],
               machine.layout.node_of_rank[rank]);
  if (shown < machine.host_of_rank.size())
    fmt::print("  ... {} more (--all)\n", machine.host_of_rank.size() - shown);
}

}  // namespace

int platform_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"platform list | show PLATFORM | check PLATFORM [options]",
                  "Lists the shipped platforms; shows what a platform is to the algorithms (ranks, "
                  "nodes, latency,\nbandwidth, model); or checks that it can be used (exit status "
                  "0 or 2)."};
  declare_machine(options);
  options.flag("all", "show every rank");
  options.positional("what", 1, 2);
  options.examples("  troupe platform show torus_8x8\n"
                   "  troupe platform check my_cluster.xml --ranks 128 --ranks-per-host 2\n");
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
  Draft draft;
  draft.apply_platform(what.back());
  draft.apply_machine(options);
  draft.apply_collective(options);
  const auto scenario = scenarios::read_scenario(draft.json(), draft.origin(), draft.folder());
  const auto backend = scenarios::make_simgrid(
      scenario, {.cfg = options.texts("cfg"), .log = options.texts("log")});
  for (const auto& note : backend->machine().notes) fmt::print(stderr, "troupe: {}\n", note);
  if (what.front() == "show") show(backend->machine(), *backend, options.given("all"));
  else
    fmt::print("{}: good for {} ranks\n", backend->machine().platform, backend->machine().ranks);
  return 0;
}

}  // namespace troupe::cli
