#include "scenarios/run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <set>

#include "platforms/graph.hpp"
#include "scenarios/collective_run.hpp"
#include "scenarios/training_run.hpp"

namespace troupe::scenarios {
namespace {

void describe_environment(const Resolved& resolved, const Backend& backend,
                          analysis::Report& report) {
  const auto& scenario = resolved.scenario;
  const auto& machine = backend.machine();
  const auto add = [&](const char* key, std::string text) {
    report.environment.emplace_back(key, std::move(text));
  };
  add("name", scenario.name);
  add("backend", std::string{backend.name()});
  if (backend.simulated()) add("network", scenario.network);
  if (!machine.platform.empty()) add("platform", machine.platform);
  if (!machine.digest.empty()) add("platform_digest", machine.digest);
  add("ranks", fmt::format("{}", machine.ranks));
  add("payload", *scenario.phantom ? "phantom" : "real");
  add("eager_limit_bytes", fmt::format("{}", scenario.eager_limit.value));
  add("clock", backend.simulated() ? "simulated" : "wall");
  if (const auto& device = scenario.compute.device; device && backend.simulated()) {
    add("compute_device", device->measured->name);
    add("compute_device_digest", device->digest);
  }
  for (const auto& [key, text] : backend.facts()) add(key.c_str(), text);
}

/// The graph of all routes that messages took.
analysis::Topology topology_of(const Backend& backend, const analysis::Report& report) {
  constexpr std::size_t most_hosts = 512;  // more are no picture any more
  analysis::Topology topology;
  if (report.links.empty()) return topology;
  std::map<std::string, int> numbers;
  std::vector<int> host_of_rank;
  for (const auto& name : backend.machine().host_of_rank) {
    const auto [entry, is_new] = numbers.try_emplace(name, static_cast<int>(numbers.size()));
    if (is_new) topology.vertices.push_back(name);
    if (numbers.size() > most_hosts) return {};
    host_of_rank.push_back(entry->second);
  }
  std::set<std::pair<int, int>> seen;
  std::vector<platforms::NamedRoute> routes;
  for (const auto& cell : report.traffic) {
    const int from = host_of_rank[static_cast<std::size_t>(cell.from)];
    const int to = host_of_rank[static_cast<std::size_t>(cell.to)];
    if (from != to && seen.emplace(from, to).second)
      routes.push_back({from, to, backend.route(cell.from, cell.to)});
  }
  topology.hosts = static_cast<int>(topology.vertices.size());
  const auto graph = platforms::graph_of(topology.hosts, routes);
  topology.vertices.insert(topology.vertices.end(), graph.buses.begin(), graph.buses.end());
  for (const auto& edge : graph.edges) topology.edges.push_back({edge.from, edge.to, edge.link});
  return topology;
}

}  // namespace

analysis::Report run(const Resolved& resolved, Backend& backend, const Progress& progress,
                     const Notes& notes, analysis::Trace* trace) {
  analysis::Report report;
  report.scenario = resolved.json;
  report.digest = resolved.digest;
  report.refused = resolved.refused;
  describe_environment(resolved, backend, report);
  const auto begin = std::chrono::steady_clock::now();
  const auto& scenario = resolved.scenario;
  RunOutcome outcome;
  if (scenario.collective) {
    report.timing = scenario.collective->timing;
    outcome = run_collective(scenario, backend, progress, report);
  } else {
    outcome = run_training(scenario, backend, progress, notes, report);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  report.wall_clock.emplace_back("run_s", took.count());
  for (const auto& note : outcome.notes) {
    report.environment.emplace_back("note", note);
    if (notes) notes(note);
  }
  if (trace && outcome.trace) {
    *trace = std::move(*outcome.trace);
    trace->name = scenario.name;
    trace->digest = resolved.digest;
  }
  report.ranks = std::move(outcome.ranks);
  report.links = std::move(outcome.links);
  report.traffic = std::move(outcome.traffic);
  report.topology = topology_of(backend, report);
  if (backend.machine().ranks > 4096) analysis::fold_traffic(report, backend.machine().ranks);
  return report;
}

}  // namespace troupe::scenarios
