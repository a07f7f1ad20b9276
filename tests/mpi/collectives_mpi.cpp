// The catalogue on real MPI: every algorithm, a sample of its cases, each result bit for bit.

#include <cstdio>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "real_backend/mpi/world.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  mpi::World world{argc, argv};
  world.run(
      [&](Communicator& comm) {
        CheckedCommunicator checked{comm};
        std::size_t cases = 0;
        for (const algorithms::Entry& entry : algorithms::catalogue())
          cases += tests::check_all(checked, entry, tests::Extent::sample);
        if (comm.rank() == 0)
          std::printf("%zu cases agree with the naive result on %d ranks\n", cases, comm.size());
      },
      {});
}
