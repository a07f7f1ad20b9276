// The catalogue on real MPI: every algorithm, a sample of its cases, each result bit for bit; and
// on the same cases MPI's own collectives, the baselines. With the argument "detached" the values
// are in the memory of a detached device, with "reachable" in that of one that MPI can read, and
// with "grouped" messages of the device leave in groups without tags, as NCCL would carry them.
// "times" and "waits" are about something else: what devices say of their kernels' time, and how
// often a training waits for them (device_times.hpp).

#include <mpi.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <string_view>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "core/random.hpp"
#include "mpi/detached.hpp"
#include "mpi/device_times.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/baseline_mpi.hpp"
#include "scenarios/grouped.hpp"
#include "scenarios/payload.hpp"
#include "scenarios/static_schedule.hpp"

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
#ifdef MPICH_VERSION
      // MPICH 4.0.2 crashes in MPI_Reduce of more than 2 KiB into the place of a root that is not 0.
      if (one.in_place && entry.collective == reduce && one.problem.root != 0) continue;
#endif
      tests::check(comm, entry, one, memory);
      ++cases;
    }
  return cases;
}

/// Sums that round are as far from the exact ones as the order of additions may take them.
template <class T>
void check_rounded_sums(Communicator& comm, Memory& memory) {
  constexpr std::size_t count = 1000;
  const int ranks = comm.size();
  std::vector<T> mine(count);
  std::vector<double> exact(count), sizes(count);
  for (Rank rank = 0; rank < ranks; ++rank) {
    SplitMix64 random{static_cast<std::uint64_t>(rank)};
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<T>(random.uniform(-0.5, 0.5));
      exact[i] += static_cast<double>(value);
      sizes[i] += std::abs(static_cast<double>(value));
      if (rank == comm.rank()) mine[i] = value;
    }
  }
  const algorithms::Problem problem{.ranks = ranks, .count = count, .dtype = dtype_of<T>()};
  const Buffer vector{count, problem.dtype, memory};
  copy_from_host(vector, std::span{mine});
  mpi_baseline->prepare(algorithms::Collective::allreduce, problem, {vector, vector})(comm);
  const HostView sum{vector};
  for (std::size_t i = 0; i < count; ++i)
    if (!(std::abs(static_cast<double>(sum.slice().host<T>()[i]) - exact[i]) <=
          ranks * static_cast<double>(std::numeric_limits<T>::epsilon()) * sizes[i]))
      throw tests::WrongResult("a sum is wrong at " + std::to_string(i));
}

/// Messages of a pair in order and without tags, each group at once.
class TaglessCarrier final : public scenarios::GroupCarrier {
 public:
  explicit TaglessCarrier(Memory& device) : device_{device} {
    MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
  }
  TaglessCarrier(const TaglessCarrier&) = delete;
  TaglessCarrier& operator=(const TaglessCarrier&) = delete;
  ~TaglessCarrier() override { MPI_Comm_free(&comm_); }

  bool carries(const Memory& memory) const override { return &memory == &device_; }
  void carry(std::span<const scenarios::GroupedMessage> group) override {
    std::vector<std::vector<std::byte>> copies;
    std::vector<MPI_Request> requests(group.size());
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto& one = group[i];
      auto& copy = copies.emplace_back(one.bytes);
      const int bytes = static_cast<int>(one.bytes);
      if (one.sends) device_.read(copy.data(), one.from, one.bytes);
      if (one.sends) MPI_Issend(copy.data(), bytes, MPI_BYTE, one.peer, 0, comm_, &requests[i]);
      else MPI_Irecv(copy.data(), bytes, MPI_BYTE, one.peer, 0, comm_, &requests[i]);
    }
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    for (std::size_t i = 0; i < group.size(); ++i)
      if (!group[i].sends) device_.write(group[i].into, copies[i].data(), group[i].bytes);
    carried_ += group.size();
  }
  std::size_t carried() const noexcept { return carried_; }

 private:
  Memory& device_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  std::size_t carried_ = 0;
};

/// The algorithms whose schedules are known and need no tags.
std::size_t check_grouped(Communicator& comm, Memory& memory) {
  TaglessCarrier carrier{memory};
  Activity activity;
  scenarios::GroupedCommunicator grouped{comm, carrier, activity};
  std::size_t cases = 0;
  for (const auto& entry : algorithms::catalogue()) {
    if (!entry.static_schedule) continue;
    for (const auto& one : tests::cases_of(entry, comm.size(), tests::Extent::sample)) {
      const auto& problem = one.problem;
      const auto schedule = scenarios::static_schedule(problem.ranks, [&](Communicator& alone) {
        const scenarios::CollectiveBuffers buffers{entry.collective, problem, alone.rank(), true,
                                                   one.in_place};
        entry.run(alone, problem, buffers.buffers());
      });
      if (!schedule.refusal.empty()) continue;
      tests::check(grouped, entry, one, memory);
      ++cases;
    }
  }
  if (comm.size() > 1 && carrier.carried() < cases)
    throw tests::WrongResult("no messages have left in groups");
  if (activity.messages + activity.received_messages != carrier.carried())
    throw tests::WrongResult("messages of groups are not counted");
  return cases;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view where = argc > 1 ? argv[1] : "host";
  if (where == "times") return tests::check_device_times(argc, argv);
  if (where == "waits") return tests::check_waits(argc, argv);
  mpi::World world{argc, argv};
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
        std::size_t baselines = 0, cases = 0;
        if (where != "grouped") {
          baselines = check_baselines(checked, memory);
          check_rounded_sums<float>(checked, memory);
          check_rounded_sums<double>(checked, memory);
        }
        if (where == "grouped") cases = check_grouped(comm, memory);
        else if (where != "reachable")
          for (const algorithms::Entry& entry : algorithms::catalogue())
            cases += tests::check_all(checked, entry, tests::Extent::sample, memory);
        if (comm.rank() == 0)
          std::printf("%zu cases, and %zu of MPI's own, agree with the naive result on %d ranks\n",
                      cases, baselines, comm.size());
      },
      options);
}
