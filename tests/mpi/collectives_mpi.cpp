// The catalogue on real MPI: every algorithm, a sample of its cases, each result bit for bit. With
// the argument "detached" the values are in the memory of a detached device.

#include <cstdio>
#include <string_view>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  mpi::World world{argc, argv};
  tests::DetachedAccelerator device{{.seed = static_cast<std::uint64_t>(world.rank())}};
  const bool detached = argc > 1 && argv[1] == std::string_view{"detached"};
  mpi::Options options;
  if (detached) options.accelerator = &device;
  options.fragment_bytes = Bytes{1000};
  world.run(
      [&](Communicator& comm) {
        CheckedCommunicator checked{comm};
        std::size_t cases = 0;
        for (const algorithms::Entry& entry : algorithms::catalogue())
          cases += tests::check_all(checked, entry, tests::Extent::sample,
                                    detached ? device.memory() : host_memory());
        if (comm.rank() == 0)
          std::printf("%zu cases agree with the naive result on %d ranks\n", cases, comm.size());
      },
      options);
}
