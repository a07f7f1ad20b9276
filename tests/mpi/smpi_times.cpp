// The MPI backend under SMPI, SimGrid's simulator of MPI programs: a third opinion on the simulated
// time of an algorithm, from the same source and the same network model by another road. Prints
//   ping BYTES SECONDS        one message from rank 0 to rank 1, until it has arrived
//   ring BYTES SECONDS WRONG  an allreduce on all ranks, and how many of its values are wrong
// for each length given as an argument.

#include <mpi.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "algorithms/allreduce/allreduce.hpp"
#include "core/communicator.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;

constexpr Tag data{1}, timing{2};

/// The latest of all ranks' points in time, on all of them.
double latest(Communicator& comm, double time) {
  for (Rank other = 1; other < comm.size(); ++other) {
    double theirs = 0;
    if (comm.rank() == 0) receive(comm, other, timing, value(theirs));
    if (comm.rank() == other) send(comm, 0, timing, value(time));
    time = std::max(time, theirs);
  }
  for (Rank other = 1; other < comm.size(); ++other) {
    if (comm.rank() == 0) send(comm, other, timing, value(time));
    if (comm.rank() == other) receive(comm, 0, timing, value(time));
  }
  return time;
}

/// How long `action` takes from when all ranks start it together until the last has ended it.
/// MPI_Wtime is the simulation's clock, the same on all ranks.
double timed(Communicator& comm, const std::function<void()>& action) {
  const double ready = latest(comm, MPI_Wtime());
  const double start = latest(comm, std::ceil(ready) + 1);
  const double left = (start - MPI_Wtime()) * 1e9;
  const timespec pause{static_cast<time_t>(left / 1e9), std::lround(std::fmod(left, 1e9))};
  nanosleep(&pause, nullptr);  // SMPI's own, in simulated time
  action();
  return latest(comm, MPI_Wtime()) - start;
}

void ping(Communicator& comm, std::size_t bytes) {
  std::vector<std::uint8_t> values(bytes);
  const double taken = timed(comm, [&] {
    if (comm.rank() == 0) send(comm, 1, data, std::span{values});
    if (comm.rank() == 1) receive(comm, 0, data, std::span{values});
  });
  if (comm.rank() == 0) std::printf("ping %zu %.9g\n", bytes, taken);
}

void ring(Communicator& comm, std::size_t bytes) {
  std::vector<float> values(bytes / sizeof(float), static_cast<float>(comm.rank() + 1));
  const double taken =
      timed(comm, [&] { algorithms::ring_allreduce(comm, std::span{values}, Op::sum); });
  const auto expected = static_cast<float>(comm.size() * (comm.size() + 1) / 2);
  const auto wrong = std::count_if(values.begin(), values.end(),
                                   [expected](float x) { return x != expected; });
  if (comm.rank() == 0) std::printf("ring %zu %.9g %td\n", bytes, taken, wrong);
}

}  // namespace

int main(int argc, char** argv) {
  mpi::World world{argc, argv};
  // No threads and no polling: the simulator's clock moves while a rank is blocked in MPI.
  world.run(
      [&](Communicator& comm) {
        for (int i = 1; i < argc; ++i) {
          const std::size_t bytes = std::strtoull(argv[i], nullptr, 10);
          ping(comm, bytes);
          ring(comm, bytes);
        }
      },
      {.progress = mpi::Progress::none, .receive = mpi::Receive::posted, .wait_inside_mpi = true});
}
