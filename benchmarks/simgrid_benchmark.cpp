// How fast and how small the SimGrid world is: messages a second of CPU time, and resident memory.
// Phantom payloads on the star, CM02, no cross-traffic. `make bench` runs it; docs/benchmarks.md
// keeps the figures.

#include <benchmark/benchmark.h>

#include "algorithms/allreduce/allreduce.hpp"
#include "benchmarks/child.hpp"
#include "benchmarks/plain_ring.hpp"
#include "benchmarks/programs.hpp"
#include "tests/simgrid/star.hpp"

namespace {

using namespace troupe;
using bench::Use;

constexpr Bytes phantom_stack{64 * 1024};
const sim::Processor charged{
    .speed = {1e12}, .double_speed = {}, .memory_bandwidth = {1e12}, .launch = {}};

void report(benchmark::State& state, const Use& use, double messages) {
  if (!use.succeeded) return state.SkipWithError("the simulation failed");
  state.SetIterationTime(use.cpu_s);
  state.counters["messages/s"] = messages / use.cpu_s;
  state.counters["MiB"] = use.peak_MiB;
}

test::Star star_of(int ranks, const sim::Processor& processor) {
  return {.ranks = ranks, .processor = processor, .options = {.stack = phantom_stack}};
}

Use ring(const test::Star& star, std::size_t count) {
  return bench::measure([&] {
    test::run_on(star, [&](Communicator& comm) {
      algorithms::ring_allreduce(comm, Slice::phantom(count), Op::sum);
    });
  });
}

/// The same messages, and as long a computation for each reduction, without Troupe.
Use plain_ring(const test::Star& star, std::size_t count) {
  const Slice block = Slice::phantom(count / static_cast<std::size_t>(star.ranks));
  const Seconds reduction =
      sim::charge(star.options.compute, star.processor, Reduce{Op::sum, block, block});
  return bench::measure([&] { bench::plain_ring(star, Bytes{block.size_bytes()}, reduction); });
}

/// ranks, MiB of the vector, kernels charged or free; the plain ring in turn with ours, so that
/// their ratio holds while the machine's speed drifts.
void ring_allreduce(benchmark::State& state) {
  const auto ranks = static_cast<int>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1)) * (1 << 18);
  const double messages = 2.0 * ranks * (ranks - 1);
  const test::Star star = star_of(ranks, state.range(2) ? charged : sim::Processor{});
  for (auto _ : state) {
    const Use ours = ring(star, count), plain = plain_ring(star, count);
    if (!plain.succeeded) return state.SkipWithError("the plain simulation failed");
    report(state, ours, messages);
    state.counters["plain_messages/s"] = messages / plain.cpu_s;
    state.counters["of_plain"] = plain.cpu_s / ours.cpu_s;
    state.counters["plain_MiB"] = plain.peak_MiB;
  }
}
BENCHMARK(ring_allreduce)
    ->ArgNames({"ranks", "MiB", "charged"})
    ->Args({64, 64, 0})
    ->Args({256, 64, 0})
    ->Args({1024, 64, 0})
    ->Args({1024, 64, 1})
    ->Args({1024, 65536, 0})
    ->UseManualTime()
    ->Iterations(1)
    ->Repetitions(5)
    ->ReportAggregatesOnly()
    ->Unit(benchmark::kSecond);

void asynchronous_server(benchmark::State& state) {
  const auto workers = static_cast<int>(state.range(0));
  const int pushes = 40'960 / workers;
  for (auto _ : state) {
    const Use use = bench::measure([&] {
      test::run_on(star_of(workers + 1, charged),
                   [&](Communicator& comm) { bench::asynchronous_server(comm, pushes, 1000); });
    });
    report(state, use, 2.0 * workers * pushes);
    state.counters["us/message"] = 1e6 * use.cpu_s / (2.0 * workers * pushes);
  }
}
BENCHMARK(asynchronous_server)
    ->ArgName("workers")
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->UseManualTime()
    ->Iterations(1)
    ->Repetitions(5)
    ->ReportAggregatesOnly()
    ->Unit(benchmark::kMillisecond);

void idle_ranks(benchmark::State& state) {
  const auto ranks = static_cast<int>(state.range(0));
  for (auto _ : state)
    report(state, bench::measure([&] {
             test::run_on(star_of(ranks, sim::Processor{}), [](Communicator&) {});
           }),
           0);
}
BENCHMARK(idle_ranks)
    ->ArgName("ranks")
    ->Arg(16384)
    ->UseManualTime()
    ->Iterations(1)
    ->Repetitions(5)
    ->ReportAggregatesOnly()
    ->Unit(benchmark::kSecond);

#ifdef TROUPE_SMPI_RING
/// The same ring as an MPI program under SMPI, which allocates and moves every byte, beside ours:
/// 64 ranks × 100 MB.
void smpi_beside_ours(benchmark::State& state) {
  for (auto _ : state) {
    const Use ours = ring(star_of(64, sim::Processor{}), 25'000'000);
    const Use smpi = bench::measure_command(TROUPE_SMPI_RING);
    if (!ours.succeeded || !smpi.succeeded) return state.SkipWithError("a simulation failed");
    state.SetIterationTime(smpi.cpu_s);
    state.counters["ours_s"] = ours.cpu_s;
    state.counters["times_faster"] = smpi.cpu_s / ours.cpu_s;
    state.counters["times_smaller"] = smpi.peak_MiB / ours.peak_MiB;
    state.counters["smpi_MiB"] = smpi.peak_MiB;
    state.counters["ours_MiB"] = ours.peak_MiB;
  }
}
BENCHMARK(smpi_beside_ours)->UseManualTime()->Iterations(1)->Unit(benchmark::kSecond);
#endif

}  // namespace

BENCHMARK_MAIN();
