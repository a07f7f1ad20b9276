#include "mpi/device_times.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "analysis/report_json.hpp"
#include "analysis/table.hpp"
#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/backend_mpi.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/run.hpp"
#include "scenarios/traced_backend.hpp"

namespace troupe::tests {

namespace {

constexpr const char* of_a_collective =
    R"({"troupe": 1, "name": "sums", "collective": {"op": "allreduce", "algorithm": ["ring"],
        "sizes": "64K", "iterations": 2, "warmup": 1}})";
constexpr const char* of_sizes_back_to_back =
    R"({"troupe": 1, "name": "sums", "collective": {"op": "allreduce", "algorithm": ["ring", "mpi"],
        "sizes": "1K,64K", "iterations": 5, "timing": "back-to-back"}})";
constexpr const char* of_a_training =
    R"({"troupe": 1, "name": "training", "training": {"strategy": "data_parallel",
        "model": {"kind": "mlp", "layers": [784, 8, 10]}, "dtype": "float32",
        "data": {"kind": "digits", "samples": 100}, "batch": 10, "evaluate_every": 0,
        "stop": {"steps": 5}}})";

constexpr const char* of_a_curve =
    R"({"troupe": 1, "name": "curve", "training": {"strategy": "data_parallel",
        "model": {"kind": "mlp", "layers": [784, 8, 10]}, "dtype": "float32",
        "data": {"kind": "digits", "samples": 100}, "batch": 10, "evaluate_every": 2,
        "stop": {"steps": 6}}})";

/// By a strategy that sums parts of the gradient beside the rest of a step.
constexpr const char* of_overlapping_parts =
    R"({{"troupe": 1, "name": "parts", "training": {{{},
        "model": {{"kind": "mlp", "layers": [784, 8, 8, 10]}}, "dtype": "float32",
        "data": {{"kind": "digits", "samples": 100}}, "batch": 10, "evaluate_every": 0,
        "stop": {{"steps": {}}}}}}})";
constexpr const char* in_buckets =
    R"("strategy": "data_parallel", "collective": "ring", "first_bucket_bytes": 1, "bucket_bytes": 1)";
constexpr const char* by_horovod = R"("strategy": "horovod")";

/// Of kernels that each count for so long.
constexpr Seconds each{0.25};

void check(bool holds, const std::string& what) {
  if (!holds) throw Error{"it does not hold that " + what};
}

void check_report(const analysis::Report& report, bool timed, const std::vector<double>& times) {
  double sum = 0;
  check(report.ranks.size() == times.size(), "the report has all ranks");
  for (std::size_t rank = 0; rank < times.size(); ++rank) {
    const auto& said = report.ranks[rank].on_device;
    check(said.has_value() == timed, "the report has times of devices where they are asked for");
    if (timed) check(said->count() == times[rank], "they are what the rank's device says");
    sum += times[rank];
  }
  check((analysis::table(report).find("on devices") != std::string::npos) == timed,
        "so has the report for people");
  bool in_total = false;
  for (const auto& [key, value] : report.totals) {
    if (key == "device_s") in_total = value == sum;
    if (key == "time_s" && report.training.size() == 1)
      check(times[0] < value, "a device that the host is works for a part of the run");
  }
  check(in_total == (timed && !report.totals.empty()), "a training has the sum of all ranks");
  const auto json = analysis::to_json(report, false);
  check(analysis::to_json(analysis::report_from_json(json, "it"), false) == json,
        "a report is read as it was written");
  check((json.find("device_s") != std::string::npos) == timed, "it is written where it is known");
}

/// Of kernels that each count for as long: what one iteration and each step has of them.
void check_parts(const analysis::Report& report) {
  const auto ranks = static_cast<double>(report.ranks.size());
  for (const auto& result : report.results)
    if (result.algorithm == "mpi") check(!result.on_device, "nobody times a library's kernels");
    else
      check(result.on_device == ranks * each,
            "a ring copies its input and reduces once for each other rank in an iteration");
  double before = 0, of_two_steps = 0;
  for (const auto& point : report.training) {
    const auto till_now = analysis::value_of(point, "device_s");
    check(till_now.has_value(), "points say what kernels took till then");
    check((*till_now == 0) == (point.step == 0), "kernels take time, and steps have some");
    if (point.step > 2)
      check(*till_now - before == of_two_steps, "steps have equally many, and evaluations none");
    of_two_steps = *till_now - before;
    before = *till_now;
  }
  if (report.training.empty()) return;
  check(before == report.ranks[0].on_device->count(), "the last point has all kernels of a rank");
}

/// When kernels ran, told by the clock of the run though the device's is another: after their
/// launches, till the end of the run, and for as long as the report says.
void check_trace(const analysis::Trace& trace, const analysis::Report& report, bool timed) {
  check(trace.devices.empty() != timed, "the trace has kernels of devices where they are timed");
  constexpr Seconds slack{5e-4};  // between reading one clock and the other
  double end = 0;
  for (const auto& [key, value] : report.totals)
    if (key == "time_s") end = value;
  std::vector<Seconds> sums(report.ranks.size());
  std::map<std::pair<Rank, std::uint16_t>, std::vector<Seconds>> launches;
  for (const auto& span : trace.spans)
    if (span.lane == analysis::Span::Lane::compute)
      launches[{span.rank, span.name}].push_back(span.issued);
  std::map<std::pair<Rank, std::uint16_t>, std::size_t> so_far;
  for (const auto& span : trace.devices) {
    const std::pair key{span.rank, span.name};
    const auto number = so_far[key]++;
    check(number < launches[key].size(), "what a device ran has been launched");
    check(launches[key][number] <= span.begin + slack, "it ran after its launch");
    check(span.begin <= span.end, "it began before it ended");
    if (span.rank == 0)  // whose end is the run's
      check(span.end.count() <= end + slack.count(), "it ended in the run");
    sums[static_cast<std::size_t>(span.rank)] += span.end - span.begin;
  }
  for (std::size_t rank = 0; timed && rank < sums.size(); ++rank)
    check(std::abs(sums[rank] / *report.ranks[rank].on_device - 1) < 0.1,
          "kernels are as long in the trace as in the report");
}

/// A scenario on detached devices.
struct Prepared {
  Prepared(scenarios::MpiJob& job, const std::string& text,
           DetachedAccelerator::Settings settings) {
    auto scenario = scenarios::read_scenario(nlohmann::json::parse(text), scenarios::Origin{}, "/");
    backend = job.make(scenario, [&](const mpi::World& world) {
      settings.seed = static_cast<std::uint64_t>(world.rank());
      auto mine = std::make_unique<DetachedAccelerator>(settings);
      device = mine.get();
      scenarios::DeviceOfRank found;
      found.accelerator = std::move(mine);
      return found;
    });
    resolved = scenarios::resolve(std::move(scenario), backend->machine(), false);
  }

  std::unique_ptr<scenarios::Backend> backend;
  DetachedAccelerator* device = nullptr;  ///< this rank's
  scenarios::Resolved resolved;
};

void run_one(scenarios::MpiJob& job, const char* text, bool timed, Seconds each_takes = {}) {
  const Prepared prepared{job, text, {.times_kernels = timed, .each_takes = each_takes}};
  const auto& [backend, device, resolved] = prepared;
  analysis::Trace trace;
  scenarios::TracedBackend traced{*backend, resolved.scenario.eager_limit};
  const auto report = each_takes > Seconds{} ? scenarios::run(resolved, *backend)
                                             : scenarios::run(resolved, traced, {}, {}, &trace);
  const auto own = device->kernel_time();
  check(own.has_value() == timed && (!timed || own->count() > 0), "the device has timed kernels");
  const double mine = timed ? own->count() : 0;
  int ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  std::vector<double> times(static_cast<std::size_t>(ranks));
  MPI_Gather(&mine, 1, MPI_DOUBLE, times.data(), 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  if (!backend->reporter()) return;
  check_report(report, timed, times);
  if (each_takes > Seconds{}) check_parts(report);
  else if (!report.training.empty()) check_trace(trace, report, timed);
  else check(trace.devices.empty() != timed, "a collective's kernels are in its trace, too");
  std::printf("%s", analysis::table(report).c_str());
}

/// How often a rank waits for its device in a training of so many steps.
std::uint64_t waits_of(scenarios::MpiJob& job, const char* strategy, int steps, bool traces) {
  const Prepared prepared{job, fmt::format(of_overlapping_parts, strategy, steps), {}};
  const auto& [backend, device, resolved] = prepared;
  scenarios::TracedBackend traced{*backend, resolved.scenario.eager_limit};
  analysis::Trace trace;
  if (traces) scenarios::run(resolved, traced, {}, {}, &trace);
  else scenarios::run(resolved, *backend);
  return device->waits();
}

}  // namespace

int check_waits(int argc, char** argv) {
  scenarios::MpiJob job{argc, argv};
  try {
    // The host computes losses for this device: it waits for it, reads two operands, and writes
    // one.
    constexpr std::uint64_t of_a_loss = 1 + 2 + 1;
    for (const char* strategy : {in_buckets, by_horovod})
      for (const bool traces : {false, true})
        check(waits_of(job, strategy, 9, traces) - waits_of(job, strategy, 3, traces) ==
                  6 * of_a_loss,
              "a step waits for the device because of its loss, and else not");
    return 0;
  } catch (const Error& error) {
    job.end(error.what(), error.exit_status());
    return error.exit_status();
  }
}

int check_device_times(int argc, char** argv) {
  scenarios::MpiJob job{argc, argv};
  try {
    for (const bool timed : {false, true})
      for (const char* scenario : {of_a_collective, of_a_training}) run_one(job, scenario, timed);
    for (const char* scenario : {of_a_collective, of_sizes_back_to_back, of_a_curve})
      run_one(job, scenario, true, each);
    return 0;
  } catch (const Error& error) {
    job.end(error.what(), error.exit_status());
    return error.exit_status();
  }
}

}  // namespace troupe::tests
