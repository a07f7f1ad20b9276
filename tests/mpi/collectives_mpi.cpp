// The catalogue on real MPI: every algorithm, a sample of its cases, each result bit for bit; and
// on the same cases MPI's own collectives, the baselines. With the argument "detached" the values
// are in the memory of a detached device, with "reachable" in that of one that MPI can read.

#include <cstdio>
#include <memory>
#include <string_view>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/baseline_mpi.hpp"

namespace {

using namespace troupe;

scenarios::MpiBaseline* mpi_baseline = nullptr;

/// MPI's own collective as an entry that sends nothing of ours.
template <algorithms::Collective collective>
algorithms::Entry own() {
  return {
      .collective = collective,
      .name = "mpi",
      .family = "baseline",
      .summary = {},
      .source = {},
      .formula = {},
      .static_schedule = true,
      .run =
          [](Communicator& comm, const algorithms::Problem& problem, algorithms::Buffers buffers) {
            mpi_baseline->prepare(collective, problem, buffers)(comm);
          },
      .cost = [](const algorithms::Problem&,
                 const algorithms::AlphaBetaGamma&) { return algorithms::Cost{}; },
      .exact = [](const algorithms::Problem&) { return true; },
      .refusal = [](const algorithms::Problem&) { return std::string{}; }};
}

std::size_t check_baselines(Communicator& comm, Memory& memory) {
  using enum algorithms::Collective;
  std::size_t cases = 0;
  for (const auto& entry :
       {own<allreduce>(), own<reduce_scatter>(), own<allgather>(), own<broadcast>(), own<reduce>(),
        own<scatter>(), own<gather>(), own<all_to_all>(), own<all_to_all_v>(), own<barrier>()})
    for (const auto& one : tests::cases_of(entry, comm.size(), tests::Extent::sample)) {
      // What troupe collective can ask for: the others overlap, which MPI forbids.
      if (one.in_place && entry.collective != allreduce && entry.collective != reduce) continue;
      tests::check(comm, entry, one, memory);
      ++cases;
    }
  return cases;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::World world{argc, argv};
  const std::string_view where = argc > 1 ? argv[1] : "host";
  const bool on_device = where != "host";
  tests::DetachedAccelerator device{
      {.seed = static_cast<std::uint64_t>(world.rank()), .reachable_by_mpi = where == "reachable"}};
  Memory& memory = on_device ? device.memory() : host_memory();
  mpi::Options options;
  if (on_device) options.accelerator = &device;
  options.fragment_bytes = Bytes{1000};
  scenarios::MpiBaseline baseline{options.accelerator};
  mpi_baseline = &baseline;
  world.run(
      [&](Communicator& comm) {
        CheckedCommunicator checked{comm};
        const std::size_t baselines = check_baselines(checked, memory);
        std::size_t cases = 0;
        if (where != "reachable")
          for (const algorithms::Entry& entry : algorithms::catalogue())
            cases += tests::check_all(checked, entry, tests::Extent::sample, memory);
        if (comm.rank() == 0)
          std::printf("%zu cases, and %zu of MPI's own, agree with the naive result on %d ranks\n",
                      cases, baselines, comm.size());
      },
      options);
}
