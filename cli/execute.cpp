#include "cli/execute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "cli/commands.hpp"
#include "cli/hand_over.hpp"
#include "cli/progress.hpp"
#include "core/text.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/run.hpp"

namespace troupe::cli {
namespace {

using scenarios::BackendKind;

const BackendKind* backend_of(const Program& program, const std::string& name) {
  for (const auto& kind : program.backends)
    if (kind.name == name) return &kind;
  return nullptr;
}

[[noreturn]] void refuse_backend(const Program& program, const std::string& name) {
  if (name == "sim" || name == "loopback" || name == "mpi" || name == "cuda")
    throw BadInput{
        fmt::format("--backend {}: not built into {} (troupe doctor says why and what to "
                    "install)",
                    name, program.name)};
  const std::vector<std::string> names{"sim", "loopback", "mpi", "cuda"};
  throw BadInput{
      fmt::format("--backend \"{}\": unknown backend{} (one of sim, loopback, mpi, cuda)", name,
                  did_you_mean(name, names))};
}

/// For the real machines of a run prepared here: the platform's figures, without its bounds, which
/// hold for the simulated machine only.
scenarios::Machine machine_for_mpi(const Program& program, scenarios::Scenario& scenario,
                                   const scenarios::BackendOptions& backend_options, int ranks) {
  if (scenario.ranks > 0 && scenario.ranks != ranks)
    throw BadInput{
        fmt::format("the scenario wants {} ranks, the launcher started {}", scenario.ranks, ranks)};
  const auto* simulation = backend_of(program, "sim");
  if (!scenario.platform || !simulation) {
    scenarios::Machine machine;
    machine.ranks = ranks;
    return machine;
  }
  auto& placed = scenario.platform->placement.ranks;
  if (placed > 0 && placed != ranks)
    throw BadInput{
        fmt::format("the scenario wants {} ranks, the launcher started {}", placed, ranks)};
  placed = ranks;
  auto machine = simulation->make(scenario, backend_options)->machine();
  machine.best.reset();
  return machine;
}

double mean_busbw(const analysis::Report& report) {
  double sum = 0;
  for (const auto& result : report.results) sum += result.busbw.value * 1e-9;
  return report.results.empty() ? 0 : sum / static_cast<double>(report.results.size());
}

/// A scenario ready to run; without a backend where another program has it.
struct Prepared {
  std::unique_ptr<scenarios::Backend> backend;
  scenarios::Resolved resolved;
};

Prepared prepare(const Program& program, const Draft& draft, const Options& options) {
  const auto name = options.text("backend", program.default_backend);
  auto scenario = scenarios::read_scenario(draft.json(), draft.origin(), draft.folder());
  const scenarios::BackendOptions backend_options{
      .cfg = options.texts("cfg"), .log = options.texts("log"), .tf32 = options.given("tf32")};
  const auto* kind = backend_named(program, name);
  if (!kind) {
    const int ranks = launched_ranks(options);  // refuses outside mpirun
    const auto machine = machine_for_mpi(program, scenario, backend_options, ranks);
    return {nullptr, scenarios::resolve(std::move(scenario), machine, false)};
  }
  auto backend = kind->make(scenario, backend_options);
  auto resolved = scenarios::resolve(std::move(scenario), backend->machine(), backend->simulated());
  return {std::move(backend), std::move(resolved)};
}

std::optional<double> threshold(const Options& options, const std::string& name) {
  if (!options.given(name)) return {};
  const auto text = options.text(name);
  try {
    std::size_t end = 0;
    const double value = std::stod(text, &end);
    if (end == text.size() && value > 0) return value;
  } catch (const std::exception&) {
  }
  throw BadInput{fmt::format("--{} \"{}\": expected a number above 0", name, text)};
}

}  // namespace

const BackendKind* backend_named(const Program& program, const std::string& name) {
  const auto* kind = backend_of(program, name);
  if (!kind && !is_real(name)) refuse_backend(program, name);
  return kind;
}

void declare_output(Options& options) {
  options.group("Output");
  options.value("json", "write the report to a file (- for standard output)");
  options.value("csv", "write the results to a file (- for standard output)");
  options.value("format", "of the table: auto, rows, matrix, nccl (auto)");
  options.flag("reproducible", "leave out of the report what differs from run to run");
  options.flag("quiet,q", "no table, no progress");
  options.value("min-busbw", "exit 3 if the mean bus bandwidth is below so many GB/s");
}

void check_outputs(const Options& options) {
  if (options.text("json") == "-" && options.text("csv") == "-")
    throw BadInput{"--json - and --csv - cannot share standard output"};
  for (const char* option : {"json", "csv"})
    if (options.given(option)) analysis::Output{options.text(option)};
  analysis::layout_named(options.text("format", "auto"));
  threshold(options, "min-busbw");
}

Executed execute(const Program& program, const Draft& draft, const Options& options) {
  const auto prepared = prepare(program, draft, options);
  if (!prepared.backend) hand_over(prepared.resolved.json, options);
  auto& backend = *prepared.backend;
  const bool quiet = options.given("quiet") || !backend.reporter();
  for (const auto& note : backend.machine().notes)
    if (!quiet) fmt::print(stderr, "troupe: {}\n", note);
  backend.check_same_everywhere(prepared.resolved.digest);
  if (backend.reporter()) check_outputs(options);
  ProgressBar bar{prepared.resolved.scenario.name, !quiet};
  return {.report = scenarios::run(
              prepared.resolved, backend, [&](double share) { bar.show(share); },
              [&](const auto& note) {
                if (!quiet) fmt::print(stderr, "troupe: {}\n", note);
              }),
          .machine = backend.machine(),
          .reporter = backend.reporter()};
}

std::string resolved_text(const Program& program, const Draft& draft, const Options& options) {
  const auto prepared = prepare(program, draft, options);
  return nlohmann::ordered_json::parse(prepared.resolved.json).dump(1);
}

int conclude(const Executed& executed, const Options& options) {
  if (!executed.reporter) return 0;
  const auto& report = executed.report;
  const bool to_pipe = options.text("json") == "-" || options.text("csv") == "-";
  if (!to_pipe && !options.given("quiet"))
    fmt::print("{}",
               analysis::table(report, analysis::layout_named(options.text("format", "auto"))));
  if (options.given("json"))
    analysis::Output{options.text("json")}.write(
        analysis::to_json(report, options.given("reproducible")));
  if (options.given("csv")) analysis::Output{options.text("csv")}.write(analysis::to_csv(report));
  const auto defects = analysis::defects(report);
  for (const auto& defect : defects) fmt::print(stderr, "troupe: {}\n", defect);
  if (!defects.empty()) return 1;
  if (const auto least = threshold(options, "min-busbw"); least && mean_busbw(report) < *least) {
    fmt::print(stderr, "troupe: mean bus bandwidth {:.3f} GB/s is below --min-busbw {}\n",
               mean_busbw(report), *least);
    return outside_threshold;
  }
  return 0;
}

}  // namespace troupe::cli
