// troupe calibrate: measures what a device or a network does, and writes it down for simulations of
// it. Devices here, networks in calibrate_links.cpp.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/judge.hpp"
#include "algorithms/microbenchmarks/device.hpp"
#include "algorithms/microbenchmarks/shape_collector.hpp"
#include "algorithms/strategies.hpp"
#include "analysis/output.hpp"
#include "cli/calibrate_links.hpp"
#include "cli/commands.hpp"
#include "cli/draft.hpp"
#include "cli/execute.hpp"
#include "cli/hand_over.hpp"
#include "cli/progress.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "platforms/measured_device.hpp"
#include "platforms/specification.hpp"

namespace troupe::cli {
namespace {

void declare(Options& options) {
  options.value(
      "out,o",
      "write the platform (FILE.json: a GPU cluster, else SimGrid's XML) or the device to "
      "a file (- for standard output)");
  options.value("backend",
                "what is measured: mpi, cuda, loopback (threads of this process) or sim");
  options.value("platform", "of sim: which is measured; with --device its first host");
  options.flag("quick", "fewer sizes, shorter and fewer rounds");
  options.flag("quiet,q", "no table, no progress");
  options.group("Network");
  declare_links(options);
  options.group("Device");
  options.flag("device", "measure the kernels of one rank's device instead");
  options.value("dtype",
                "of the kernels: float32, float64, bfloat16 for products alone (all; of a host the "
                "first two)");
  options.values("for",
                 "a scenario's training, whose kernels are measured besides, shape by shape");
  options.value("name", "of the device (what its driver or the system calls it)");
  declare_products(options);
  options.flag("points", "print every point instead of the best of each kernel");
  options.examples(
      "  mpirun -n 4 troupe calibrate -o mine.xml --json mine.json\n"
      "  troupe collective --platform mine.xml --op allreduce --algorithm all --sizes 1K:1M\n"
      "  mpirun -n 16 troupe calibrate --backend cuda -o cluster.json --device-file gpu.json\n"
      "  troupe calibrate --device -o here.json\n"
      "  troupe calibrate --device --backend cuda --dtype float32 -o gpu.json\n"
      "  troupe run scenario.json --device gpu.json\n");
}

/// Those that --dtype names. Without it bfloat16 is left out `on_host`, where its products are
/// those of float32 behind a conversion.
std::vector<Dtype> dtypes_of(const Options& options, bool on_host) {
  std::vector<Dtype> dtypes;
  std::string rest =
      options.text("dtype", on_host ? "float32,float64" : "float32,float64,bfloat16");
  while (!rest.empty()) {
    const auto name = rest.substr(0, rest.find(','));
    rest.erase(0, std::min(rest.size(), name.size() + 1));
    static const std::vector<std::string> names{"float32", "float64", "bfloat16"};
    if (std::ranges::find(names, name) == names.end())
      throw BadInput{fmt::format("--dtype \"{}\": expected some of {}{}", name,
                                 fmt::join(names, ","), did_you_mean(name, names))};
    dtypes.push_back(name == "float32"   ? Dtype::float32
                     : name == "float64" ? Dtype::float64
                                         : Dtype::bfloat16);
  }
  return dtypes;
}

/// What this machine's processor calls itself, or "cpu".
std::string processor_name() {
  std::string text;
  try {
    text = analysis::read_file("/proc/cpuinfo");
  } catch (const BadInput&) {
  }
  const auto at = text.find("model name");
  const auto colon = at == std::string::npos ? at : text.find(": ", at);
  if (colon == std::string::npos) return "cpu";
  return text.substr(colon + 2, text.find('\n', colon) - colon - 2);
}

std::unique_ptr<scenarios::Backend> make_backend(const scenarios::BackendKind& kind,
                                                 const Options& options, Float32Products products) {
  scenarios::Scenario scenario;
  if (kind.name == "loopback") scenario.ranks = 1;
  if (kind.name == "sim" && !options.given("platform"))
    throw BadInput{"--backend sim: --platform says which; its first host is measured"};
  if (kind.name != "sim" && options.given("platform"))
    throw BadInput{fmt::format("--platform is of --backend sim, not of {}", kind.name)};
  if (kind.name == "sim") {
    scenario.network = "loggp";
    scenario.platform.emplace();
    scenario.platform->file = find_platform(options.text("platform"));
    scenario.platform->placement.ranks = 1;
  }
  auto backend = kind.make(scenario, {.cfg = {}, .log = {}, .products = products});
  if (backend->machine().ranks != 1)
    throw BadInput{fmt::format("calibrate --device measures one rank, the launcher started {}",
                               backend->machine().ranks)};
  return backend;
}

/// The trainings whose kernels are wanted, as one rank alone would do their first steps.
std::vector<algorithms::TrainingProblem> problems_of(const Options& options, bool phantom) {
  constexpr std::int64_t steps = 20;
  std::vector<algorithms::TrainingProblem> problems;
  for (const auto& file : options.texts("for")) {
    const Draft draft{file, {}};
    const auto scenario = scenarios::read_scenario(draft.json(), draft.origin(), draft.folder());
    if (!scenario.training) throw BadScenario{fmt::format("--for {}: no training", file)};
    auto& problem = problems.emplace_back(*scenario.training);
    problem.stop = {.steps = std::min(problem.stop.steps, steps)};
    problem.evaluate_every = 0;
    problem.phantom = phantom;  // here as the device needs it, whatever the scenario's runs do
    problem.dataset = algorithms::load_dataset(problem);
    if (const auto reason = algorithms::refusal_of_strategy(problem, 1); !reason.empty())
      throw BadScenario{fmt::format("--for {}: {} cannot run on one rank: {}", file,
                                    problem.strategy.kind(), reason)};
  }
  return problems;
}

std::vector<KernelShape> shapes_run_by(Communicator& comm,
                                       std::vector<algorithms::TrainingProblem> problems,
                                       Memory& memory) {
  algorithms::CollectedShapes shapes;
  algorithms::ShapeCollector collector{comm, shapes};
  algorithms::SilentLog nobody;
  for (auto& problem : problems) {
    problem.memory = &memory;
    problem.judge = std::make_shared<algorithms::Judge>(problem);
    algorithms::train(collector, problem, nobody);
  }
  return shapes.take();
}

MeasuredDevice measure(scenarios::Backend& backend, const Options& options) {
  const auto problems = problems_of(options, backend.simulated());
  const bool quick = options.given("quick");
  const bool on_host = backend.memory().on_host() && !backend.simulated();
  const auto shapes =
      algorithms::ladder({.dtypes = dtypes_of(options, on_host),
                          .quick = quick,
                          .largest = {backend.memory().on_host() ? 64u << 20 : 256u << 20}});
  algorithms::RowChoice rows;
  rows.phantom = backend.simulated();
  rows.apart = !on_host;
  if (on_host) rows.most = Bytes{512u << 20};
  if (quick) {
    rows.row = Seconds{5e-4};
    rows.repeats = 3;
    rows.longest = Seconds{5e-3};
  }
  MeasuredDevice device;
  ProgressBar bar{"calibrating", !options.given("quiet") && backend.reporter()};
  backend.run([&](Communicator& comm) {
    device.kernels = algorithms::measure_kernels(comm, backend.memory(), rows, shapes,
                                                 [&](double share) { bar.show(share); });
    const auto shapes_for = shapes_run_by(comm, problems, backend.memory());
    rows.longest *= 10;
    device.exact = algorithms::measure_kernels(comm, backend.memory(), rows, shapes_for);
    device.host = algorithms::measure_host_link(comm, backend.memory(), rows);
    return std::vector<double>{};
  });
  for (auto* points : {&device.kernels, &device.exact})
    std::erase_if(*points, [](const auto& point) { return point.timing.time.count() <= 0; });
  if (device.kernels.empty())
    throw Error{"calibrate: no kernel takes any time here: there is nothing to measure"};
  device.launch_overhead = std::ranges::min(device.kernels, {}, [](const auto& point) {
                             return point.timing.time;
                           }).timing.time;
  return device;
}

/// Names the device, the program and what it stands on.
void describe(MeasuredDevice& device, const scenarios::Backend& backend,
              const scenarios::BackendKind& kind, const Options& options) {
  device.backend = backend.name();
  device.name = kind.name == "sim" ? options.text("platform") : processor_name();
  auto& environment = device.environment;
  environment.emplace_back("troupe", version);
  for (const auto& [library, text] : kind.versions()) environment.emplace_back(library, text);
  for (const auto& [key, text] : backend.facts()) {
    if (key == "device") device.name = text;
    environment.emplace_back(key, text);
  }
  std::map<std::string, std::string> once{environment.begin(), environment.end()};
  environment.assign(once.begin(), once.end());
  device.name = options.text("name", device.name);
}

std::string sizes_of(const KernelShape& shape) {
  const auto names = find_kernel_kind(shape.kernel)->sizes;
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}{}", i > 0 ? "x" : "", shape.sizes[i]);
  return text;
}

void print_line(const KernelTime& point) {
  const double seconds = point.timing.time.count();
  const auto& shape = point.shape;
  const double spread = (point.timing.p90 - point.timing.p10) / point.timing.time;
  fmt::print("  {:<25} {:<21} {:<8} {:>22} {:>11.2f} {:>9.2f} {:>9.2f} {:>6.1f}\n", shape.kernel,
             shape.form, name_of(shape.dtype), sizes_of(shape), seconds * 1e6,
             point.work.flops.value / seconds * 1e-9,
             static_cast<double>(point.work.bytes.value) / seconds * 1e-9, spread * 100);
}

bool same_kind(const KernelShape& a, const KernelShape& b) {
  return a.kernel == b.kernel && a.form == b.form && a.dtype == b.dtype;
}

/// Of a Gemm and a convolution how fast it computes, of others how fast it moves bytes.
double rate(const KernelTime& point) {
  const bool computes =
      point.shape.kernel == "Gemm" || point.shape.kernel.starts_with("Convolution");
  const double done =
      computes ? point.work.flops.value : static_cast<double>(point.work.bytes.value);
  return done / point.timing.time.count();
}

void print_table(const MeasuredDevice& device, bool every_point) {
  fmt::print("# {} ({}), {} points, launch overhead {}\n", device.name, device.backend,
             device.kernels.size() + device.exact.size(), to_text(device.launch_overhead));
  fmt::print("# {:<25} {:<21} {:<8} {:>22} {:>11} {:>9} {:>9} {:>6}\n", "kernel", "form", "dtype",
             "size", "time us", "GFLOP/s", "GB/s", "+-%");
  const auto& points = device.kernels;
  for (std::size_t i = 0, next = 0; i < points.size(); i = next) {
    const KernelTime* best = &points[i];
    for (next = i; next < points.size() && same_kind(points[i].shape, points[next].shape); ++next) {
      if (every_point) print_line(points[next]);
      if (rate(points[next]) > rate(*best)) best = &points[next];
    }
    if (!every_point) print_line(*best);
  }
  for (const auto& point : device.exact) print_line(point);
  const auto print_copies = [](const char* way, const std::vector<CopyTime>& copies) {
    for (const auto& copy : copies)
      fmt::print("  {:<25} {:<21} {:<8} {:>22} {:>11.2f} {:>9} {:>9.2f}\n", way, "", "",
                 copy.bytes.value, copy.timing.time.count() * 1e6, "",
                 static_cast<double>(copy.bytes.value) / copy.timing.time.count() * 1e-9);
  };
  print_copies("host to device", device.host.to_device);
  print_copies("device to host", device.host.from_device);
  if (const auto& host = device.host; host.speed.value > 0)
    fmt::print("# code on the host: {:.4g} GFLOP/s, {:.4g} GB/s\n", host.speed.value * 1e-9,
               host.memory_bandwidth.value * 1e-9);
}

}  // namespace

int calibrate_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{
      "calibrate [options]",
      "Measures how long messages between ranks take, alone and together, and writes a platform\n"
      "that simulates them; with --device how long the kernels of training take on one device\n"
      "(docs/calibration.md)."};
  declare(options);
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (!options.given("device")) return calibrate_links(program, options, arguments);
  for (const char* option :
       {"json", "sizes", "ranks", "network", "cfg", "eager-limit", "device-file"})
    if (options.given(option))
      throw BadInput{fmt::format("--{} is about a network, and --device measures none", option)};
  dtypes_of(options, true);
  if (options.given("out")) analysis::Output{options.text("out")};
  const auto fallback = program.default_backend == "sim" ? "loopback" : program.default_backend;
  const auto name = options.text("backend", fallback);
  const auto products = products_asked(options, name);
  const auto* kind = backend_named(program, name);
  if (!kind) {
    if (const int ranks = launched_ranks(options, 1); ranks != 1)
      throw BadInput{
          fmt::format("calibrate --device measures one rank, the launcher started {}", ranks)};
    auto all = arguments;
    all.insert(all.begin(), "calibrate");
    hand_over_command(std::move(all), options);
  }
  const auto backend = make_backend(*kind, options, products);
  auto device = measure(*backend, options);
  if (!backend->reporter()) return 0;
  describe(device, *backend, *kind, options);
  if (options.given("out")) analysis::Output{options.text("out")}.write(platforms::to_json(device));
  if (!options.given("quiet") && options.text("out") != "-")
    print_table(device, options.given("points"));
  return 0;
}

}  // namespace troupe::cli
