// The contract of the port on real MPI: all cases that want as many ranks as there are, one after
// the other in one job, bare and under CheckedCommunicator. Arguments: worker or none (Progress),
// probed or posted (Receive), few_tags (no more than MPI promises) or detached (on a detached
// device, with the ends of messages in its memory), and, if wanted, the name of one case. What
// fails ends the job; the last line on stdout says which case it was.

#include <cstdio>
#include <string_view>

#include "contract/contract.hpp"
#include "core/checked.hpp"
#include "mpi/detached.hpp"
#include "mpi/on_device.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;

void run_on_device(mpi::World& world, const contract::ContractCase& which, mpi::Options options) {
  struct Way {
    bool reachable_by_mpi;
    Bytes node_memory;
  };
  for (const Way way : {Way{false, Bytes{0}}, Way{false, options.node_memory}, Way{true, Bytes{0}}})
    for (const tests::Ends ends : {tests::Ends::all, tests::Ends::every_other}) {
      tests::DetachedAccelerator device{{.seed = static_cast<std::uint64_t>(world.rank()),
                                         .reachable_by_mpi = way.reachable_by_mpi}};
      options.accelerator = &device;
      options.node_memory = way.node_memory;
      options.fragment_bytes = Bytes{100};
      const std::size_t unasked = world.run(
          [&](Communicator& comm) {
            tests::OnDevice moved{comm, device.memory(), ends};
            CheckedCommunicator checked{moved};
            which.program(checked);
          },
          options);
      world.guard([&] {
        contract::check_equal(unasked, 0u, "a program of the contract receives all that is sent");
        contract::check_equal(device.staged(), 0u, "no staging memory is left in use");
      });
    }
}

void run_case(mpi::World& world, const contract::ContractCase& which, const mpi::Options& options) {
  if (world.rank() == 0) {
    std::printf("%.*s\n", static_cast<int>(which.name.size()), which.name.data());
    std::fflush(stdout);
  }
  std::size_t unasked = world.run(which.program, options);
  unasked += world.run(
      [&](Communicator& comm) {
        CheckedCommunicator checked{comm};
        which.program(checked);
      },
      options);
  world.guard([&] {
    contract::check_equal(unasked, 0u, "a program of the contract receives all that is sent");
  });
}

}  // namespace

int main(int argc, char** argv) {
  mpi::World world{argc, argv};
  const std::string_view progress = argc > 1 ? argv[1] : "worker";
  const std::string_view receive = argc > 2 ? argv[2] : "probed";
  const std::string_view wanted = argc > 3 ? argv[3] : "";
  mpi::Options options;
  if (progress == "none") options.progress = mpi::Progress::none;
  if (receive == "posted") options.receive = mpi::Receive::posted;
  if (receive == "few_tags") options.largest_tag = 32767;
  int count = 0;
  for (const contract::ContractCase& each : contract::cases()) {
    if (each.ranks != world.size() || each.needs_simulated_clock) continue;
    if (!wanted.empty() && each.name != wanted) continue;
    options.eager_limit = each.eager_limit;
    run_case(world, each, options);
    if (receive == "detached") run_on_device(world, each, options);
    ++count;
  }
  world.guard([&] { contract::check(count > 0, "there is a case for that many ranks"); });
  if (world.rank() == 0) std::printf("passed: %d cases on %d ranks\n", count, world.size());
}
