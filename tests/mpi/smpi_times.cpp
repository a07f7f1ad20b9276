// The MPI backend under SMPI, SimGrid's simulator of MPI programs: a third opinion on the simulated
// time of an algorithm, from the same source and the same network model by another road.
//
//   smpirun ... smpi_times ALPHA BETA NAME BYTES...
//
// ALPHA and BETA are what a message costs on the platform: seconds, and seconds per byte. NAME is
// an allreduce of the catalogue, or "message" for one message from rank 0 to rank 1. Prints
//
//   NAME BYTES SIMULATED CLOSED_FORM
//
// for each length and "agreed" at the end; stops where a value is wrong, or where the two times are
// more than 0.5 % apart, which they are on platforms where the algorithm's messages contend.
// (smpirun's exit status tells nothing: it is 0 after MPI_Abort.)

#include <mpi.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "core/communicator.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;
using namespace troupe::algorithms;

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
  const double start = std::ceil(latest(comm, MPI_Wtime())) + 1;
  const double left = (start - MPI_Wtime()) * 1e9;
  const timespec pause{static_cast<time_t>(left / 1e9), std::lround(std::fmod(left, 1e9))};
  nanosleep(&pause, nullptr);  // SMPI's own, in simulated time
  action();
  return latest(comm, MPI_Wtime()) - start;
}

double message(Communicator& comm, std::size_t bytes) {
  const Slice payload = Slice::phantom(bytes, Dtype::uint8);
  return timed(comm, [&] {
    if (comm.rank() == 0) wait(comm, comm.isend(1, data, payload));
    if (comm.rank() == 1) receive(comm, 0, data, payload);
  });
}

double allreduce(Communicator& comm, const Entry& entry, const Problem& problem) {
  std::vector<float> values(problem.count, static_cast<float>(comm.rank() + 1));
  const Slice vector{std::span{values}};
  const double taken = timed(comm, [&] { entry.run(comm, problem, {vector, vector}); });
  const auto sum = static_cast<float>(comm.size() * (comm.size() + 1) / 2);
  if (!std::ranges::all_of(values, [sum](float x) { return x == sum; }))
    throw std::runtime_error{"a value of the allreduce is wrong"};
  return taken;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::World world{argc, argv};
  const auto program = [&](Communicator& comm) {
    if (argc < 5) throw BadInput{"usage: smpi_times ALPHA BETA NAME BYTES..."};
    const double beta = std::strtod(argv[2], nullptr);
    // SMPI adds an envelope to every message.
    constexpr double envelope = 16;
    const AlphaBetaGamma machine{Seconds{std::strtod(argv[1], nullptr) + envelope * beta}, beta, 0};
    const std::string_view name = argv[3];
    for (int i = 4; i < argc; ++i) {
      const std::size_t bytes = std::strtoull(argv[i], nullptr, 10);
      double taken = 0, expected = 0;
      if (name == "message") {
        taken = message(comm, bytes);
        expected = machine.alpha.count() + beta * static_cast<double>(bytes);
      } else {
        const Entry& entry = find_entry(Collective::allreduce, name);
        const Problem problem{
            .ranks = comm.size(), .count = bytes / sizeof(float), .machine = machine};
        taken = allreduce(comm, entry, problem);
        expected = entry.cost(problem, machine).time.count();
      }
      if (comm.rank() == 0) std::printf("%s %zu %.9g %.9g\n", argv[3], bytes, taken, expected);
      if (std::abs(taken - expected) > 0.005 * expected)
        throw std::runtime_error{"the simulated time is not that of the closed form"};
    }
  };
  // No threads and no polling: the simulator's clock moves while a rank is blocked in MPI.
  world.run(
      program,
      {.progress = mpi::Progress::none, .receive = mpi::Receive::posted, .wait_inside_mpi = true});
  if (world.rank() == 0) std::puts("agreed");
}
