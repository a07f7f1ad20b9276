#include "cli/execute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/event_file.hpp"
#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "analysis/trace_json.hpp"
#include "cli/commands.hpp"
#include "cli/hand_over.hpp"
#include "cli/progress.hpp"
#include "core/text.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/run.hpp"
#include "scenarios/traced_backend.hpp"
#include "scenarios/transport.hpp"

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
                                   const scenarios::BackendOptions& backend_options, int ranks,
                                   const std::string& backend) {
  if (scenario.ranks > 0 && scenario.ranks != ranks)
    throw BadInput{
        fmt::format("the scenario wants {} ranks, the launcher started {}", scenario.ranks, ranks)};
  // Those of troupe-mpi or troupe-cuda, which refuses NCCL where that was not built in.
  std::vector<std::string> baselines{"mpi"};
  if (backend == "cuda") baselines.emplace_back("nccl");
  const auto* simulation = backend_of(program, "sim");
  if (!scenario.platform || !simulation) {
    scenarios::Machine machine;
    machine.ranks = ranks;
    machine.baselines = baselines;
    return machine;
  }
  auto& placed = scenario.platform->placement.ranks;
  if (placed > 0 && placed != ranks)
    throw BadInput{
        fmt::format("the scenario wants {} ranks, the launcher started {}", placed, ranks)};
  placed = ranks;
  auto machine = simulation->make(scenario, backend_options)->machine();
  machine.best.reset();
  machine.baselines = baselines;
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

/// Whether NCCL is to carry messages between GPUs.
bool nccl_asked(const Options& options, const std::string& backend) {
  if (!options.given("transport")) return false;
  const auto transport = options.text("transport");
  const std::vector<std::string> transports{"mpi", "nccl"};
  if (std::ranges::find(transports, transport) == transports.end())
    throw BadInput{fmt::format("--transport \"{}\": expected mpi or nccl{}", transport,
                               did_you_mean(transport, transports))};
  if (backend != "cuda")
    throw BadInput{
        fmt::format("--transport {}: it says what carries messages between GPUs, of "
                    "--backend cuda, and this is --backend {}",
                    transport, backend)};
  return transport == "nccl";
}

/// What is asked for of a simulation where there is none; a file may name it for the backends that
/// simulate. Real ranks with a platform have predictions of it beside their times.
void refuse_unused(const Draft& draft, const Options& options, const scenarios::Scenario& scenario,
                   const std::string& backend) {
  if (backend == "sim" || (is_real(backend) && scenario.platform)) return;
  const auto refuse = [&](const std::string& asked, std::string_view what) {
    throw BadInput{fmt::format("{}: it is about {}, and this is --backend {}{}", asked, what,
                               backend, is_real(backend) ? " without --platform" : "")};
  };
  auto network = draft.origin().place("/network");
  if (network == "--network") network += " " + scenario.network;
  if (network.starts_with("--")) refuse(network, "the network of a simulation");
  for (const char* place : {"/compute/model", "/compute/device"})
    if (const auto asked = draft.origin().place(place); asked.starts_with("--"))
      refuse(asked, "what a simulation charges for kernels");
  if (options.given("log")) refuse("--log", "what a simulation logs");
}

Prepared prepare(const Program& program, const Draft& draft, const Options& options) {
  const auto name = options.text("backend", program.default_backend);
  auto scenario = scenarios::read_scenario(draft.json(), draft.origin(), draft.folder());
  refuse_unused(draft, options, scenario, name);
  const scenarios::BackendOptions backend_options{
      .cfg = options.texts("cfg"),
      .log = options.texts("log"),
      .products = products_asked(options, name),
      .nccl = nccl_asked(options, name),
      .device_times = asked_of_gpus(options, "device-times", name)};
  const auto* kind = backend_named(program, name);
  if (!kind) {
    const int ranks = launched_ranks(options);  // refuses outside mpirun
    const auto machine = machine_for_mpi(program, scenario, backend_options, ranks, name);
    auto resolved = scenarios::resolve(std::move(scenario), machine, false);
    if (backend_options.nccl) scenarios::expect_nccl_can_carry(resolved.scenario, machine);
    return {nullptr, std::move(resolved)};
  }
  auto backend = kind->make(scenario, backend_options);
  auto resolved = scenarios::resolve(std::move(scenario), backend->machine(), backend->simulated());
  if (backend_options.nccl) scenarios::expect_nccl_can_carry(resolved.scenario, backend->machine());
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

std::string event_file(const Options& options) {
  return fmt::format("{}/{}", options.text("tensorboard"), analysis::event_file_name);
}

std::size_t most_spans(const Options& options) {
  if (!options.given("trace-spans")) return scenarios::usual_trace_events;
  const auto text = options.text("trace-spans");
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0)
    throw BadInput{fmt::format("--trace-spans \"{}\": expected a whole number above 0", text)};
  if (!options.given("trace")) throw BadInput{"--trace-spans says nothing without --trace"};
  return number;
}

void write_trace(const analysis::Trace& trace, const std::string& file) {
  const auto text = analysis::to_chrome_json(trace);
  const analysis::Output output{file};
  file.ends_with(".gz") ? output.write(analysis::gzipped(text)) : output.write(text);
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
  options.value("trace",
                "write what every rank did when, for ui.perfetto.dev (a name that ends in .gz: "
                "compressed)");
  options.value("trace-spans", "leave out of the trace what comes after so many (500000)");
  options.value("format", "of the table: auto, rows, matrix, nccl, osu (auto)");
  options.flag("reproducible", "leave out of the report what differs from run to run");
  options.flag("device-times",
               "of cuda: report, and trace, what kernels take on GPUs, by their own clocks");
  options.flag("quiet,q", "no table, no progress; notes and warnings stay");
  options.value("min-busbw", "exit 3 if the mean bus bandwidth is below so many GB/s");
}

namespace {

/// No for what is no regular file: into a device or a pipe much may be written.
bool are_one_file(const std::string& one, const std::string& other) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::exists(one, ignored) && !fs::is_regular_file(one, ignored)) return false;
  return !one.empty() && !other.empty() &&
         fs::weakly_canonical(fs::absolute(one), ignored) ==
             fs::weakly_canonical(fs::absolute(other), ignored);
}

/// An output that would replace another, or what the run reads.
void refuse_to_overwrite(const Options& options, const std::string& scenario) {
  constexpr std::array outputs{"json", "csv", "trace"};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string name = options.text(outputs[i]);
    if (name == "-") continue;
    for (std::size_t j = 0; j < i; ++j)
      if (are_one_file(name, options.text(outputs[j])))
        throw BadInput{fmt::format("--{} {} and --{} {} are one file", outputs[j],
                                   options.text(outputs[j]), outputs[i], name)};
    for (const auto& [what, file] :
         {std::pair{"scenario", scenario}, std::pair{"platform", options.text("platform")}})
      if (are_one_file(name, file))
        throw BadInput{
            fmt::format("--{} {}: it is the {}, which would be lost", outputs[i], name, what)};
  }
}

}  // namespace

void check_outputs(const Options& options, const std::string& scenario) {
  if (options.text("json") == "-" && options.text("csv") == "-")
    throw BadInput{"--json - and --csv - cannot share standard output"};
  if (options.text("trace") == "-") throw BadInput{"--trace -: expected the name of a file"};
  most_spans(options);
  refuse_to_overwrite(options, scenario);
  for (const char* option : {"json", "csv", "trace"})
    if (options.given(option)) analysis::Output{options.text(option)};
  if (options.given("tensorboard")) analysis::Output{event_file(options)};
  analysis::layout_named(options.text("format", "auto"));
  threshold(options, "min-busbw");
}

Executed execute(const Program& program, const Draft& draft, const Options& options) {
  const auto prepared = prepare(program, draft, options);
  if (!prepared.backend) hand_over(prepared.resolved.json, options);
  auto& backend = *prepared.backend;
  const auto say = [&](const std::string& note) {
    if (backend.reporter()) fmt::print(stderr, "troupe: {}\n", note);
  };
  for (const auto& note : backend.machine().notes) say(note);
  backend.check_same_everywhere(prepared.resolved.digest);
  if (backend.reporter()) check_outputs(options);
  ProgressBar bar{prepared.resolved.scenario.name, !options.given("quiet") && backend.reporter()};
  const auto run = [&](scenarios::Backend& on, analysis::Trace* trace) {
    return scenarios::run(
        prepared.resolved, on, [&](double share) { bar.show(share); }, say, trace);
  };
  Executed executed{.report = {}, .machine = backend.machine(), .reporter = backend.reporter()};
  if (!options.given("trace")) {
    executed.report = run(backend, nullptr);
    return executed;
  }
  scenarios::TracedBackend traced{backend, prepared.resolved.scenario.eager_limit,
                                  most_spans(options)};
  analysis::Trace trace;
  executed.report = run(traced, &trace);
  if (executed.reporter) write_trace(trace, options.text("trace"));
  return executed;
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
  if (options.given("tensorboard"))
    analysis::Output{event_file(options)}.write(analysis::to_events(report));
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
