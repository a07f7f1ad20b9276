// Horovod's interface on real MPI: the article's examples, and a disagreement that every rank must
// hear of.

#include <cstdio>
#include <string>
#include <vector>

#include "algorithms/horovod/horovod.hpp"
#include "core/checked.hpp"
#include "horovod/examples.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;
using namespace troupe::algorithms::horovod;

/// The last rank's tensor is longer than the others', and another tensor is missing there.
void disagrees(Communicator& comm) {
  std::string told;
  Horovod hvd{comm};
  const bool is_last = comm.rank() == comm.size() - 1;
  const std::size_t rows = is_last && comm.size() > 1 ? 3 : 2;
  try {
    hvd.allreduce(Tensor{{rows}, std::vector<float>(rows)}, "x");
  } catch (const BadInput& error) {
    told = error.what();
  }
  if ((comm.size() > 1) != (told.find("shape [2]") != std::string::npos))
    throw std::runtime_error{"a rank heard nothing of a misshapen tensor"};
  told.clear();
  try {
    if (!is_last) hvd.allreduce(Tensor{{1}, std::vector<float>{1}}, "y");
    hvd.shutdown();
  } catch (const PeerLost& error) {
    told = error.what();
  }
  if ((comm.size() > 1) != (told.find("shut down without announcing it") != std::string::npos))
    throw std::runtime_error{"a rank heard nothing of a missing tensor"};
}

}  // namespace

int main(int argc, char** argv) {
  mpi::World world{argc, argv};
  world.run([](Communicator& comm) {
    CheckedCommunicator checked{comm};
    for (const tests::Example& example : tests::horovod_examples()) example.run(checked);
    disagrees(checked);
    if (comm.rank() == 0)
      std::printf("%zu examples run on %d ranks\n", tests::horovod_examples().size(), comm.size());
  });
}
