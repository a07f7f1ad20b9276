// Messages between two ranks whose values are on a GPU, through memory that both see and through
// MPI as between nodes, beside the two things they are made of: copies through pinned memory, and
// messages between hosts. Two ranks of mpirun, which may share a GPU. Prints a table; medians of
// several rounds.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "core/communicator.hpp"
#include "core/errors.hpp"
#include "real_backend/cuda/device.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;

constexpr int rounds = 11;

/// The median of the time one call takes, by this rank's clock.
Seconds median(Communicator& comm, const std::function<void()>& action) {
  std::vector<Seconds> times;
  action();
  for (int i = 0; i < rounds; ++i) {
    const Seconds begin = comm.now();
    action();
    times.push_back(comm.now() - begin);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

/// One way: rank 0 sends, rank 1 receives and answers with nothing.
Seconds one_way(Communicator& comm, Slice slice) {
  const Tag there{1}, back{2};
  return median(comm, [&] {
    if (comm.rank() == 0) {
      send(comm, 1, there, slice);
      receive(comm, 1, back, Slice{});
    } else {
      receive(comm, 0, there, slice);
      comm.now();  // the values have reached the device
      send(comm, 0, back, Slice{});
    }
  });
}

double rate(std::size_t bytes, Seconds time) {
  return static_cast<double>(bytes) / time.count() * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::World world{argc, argv};
  if (world.size() != 2) {
    fmt::print(stderr, "usage: mpirun -n 2 cuda_transfers_benchmark\n");
    return 2;
  }
  if (const auto why = cuda::why_no_device(); !why.empty()) {
    fmt::print(stderr, "there is no GPU to measure: {}\n", why);
    return 1;
  }
  const auto each_size = [](const std::function<void(std::size_t)>& action) {
    for (std::size_t bytes = std::size_t{1} << 16; bytes <= std::size_t{1} << 28; bytes <<= 2)
      action(bytes);
  };
  world.guard([&] {
    const int gpus = static_cast<int>(cuda::devices().size());
    cuda::Device device{world.local_rank() % gpus};
    if (world.rank() == 0)
      fmt::print(
          "# {}, two ranks on {} GPU{}; GB/s, medians of {}; of the least of the first three\n"
          "#      bytes  to host  to device  host to host  through MPI          of a node\n",
          device.facts().name, std::min(gpus, 2), gpus > 1 ? "s" : "", rounds);
    mpi::Options options;
    options.accelerator = &device;
    mpi::Options between_nodes = options;
    between_nodes.node_memory = Bytes{0};
    std::vector<double> through_mpi;
    world.run(
        [&](Communicator& comm) {
          each_size([&](std::size_t bytes) {
            const Buffer values{bytes, Dtype::uint8, device.memory()};
            through_mpi.push_back(rate(bytes, one_way(comm, values)));
          });
        },
        between_nodes);
    auto mpi_rate = through_mpi.begin();
    world.run(
        [&](Communicator& comm) {
          each_size([&](std::size_t bytes) {
            const Buffer here{bytes, Dtype::uint8, device.staging_memory()};
            const Buffer there{bytes, Dtype::uint8, device.memory()};
            compute(comm, Fill{1, there});
            std::ranges::fill(here.slice().bytes(), std::byte{1});
            const auto copy_time = [&](bool to_host) {
              return median(comm, [&] {
                device.wait(to_host ? device.copy_to_host(here.slice().address(),
                                                          there.slice().address(), bytes, {})
                                    : device.copy_to_device(there.slice().address(),
                                                            here.slice().address(), bytes, {}));
              });
            };
            double down = 0, up = 0;
            if (comm.rank() == 0) {
              down = rate(bytes, copy_time(true));
              up = rate(bytes, copy_time(false));
              send(comm, 1, Tag{3}, Slice{});
            } else {
              receive(comm, 0, Tag{3}, Slice{});
            }
            const double hosts = rate(bytes, one_way(comm, here));
            const double devices = rate(bytes, one_way(comm, there));
            const double least = std::min({down, up, hosts}), through = *mpi_rate++;
            if (comm.rank() == 0)
              fmt::print(
                  "{:>12} {:>8.2f} {:>10.2f} {:>13.2f} {:>8.2f} {:>5.0f} % {:>8.2f} {:>5.0f} %\n",
                  bytes, down, up, hosts, through, 100 * through / least, devices,
                  100 * devices / least);
          });
        },
        options);
  });
}
