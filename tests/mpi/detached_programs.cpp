// The first argument names a program of detached_programs.hpp, or is "all": all but "late", which
// sleeps.

#include "mpi/detached_programs.hpp"

#include <cstdio>

#include "core/checked.hpp"

namespace troupe::tests {

namespace {
/// How values get from device to device. The node's memory is soon full, and the rest is sent.
struct Way {
  bool reachable_by_mpi;
  Bytes node_memory;
};
constexpr Way ways[]{{false, Bytes{0}}, {false, Bytes{40'000}}, {true, Bytes{0}}};
}  // namespace

void run(mpi::World& world, const std::function<void(Communicator&, DetachedAccelerator&)>& program,
         mpi::Options options) {
  for (const Way way : ways)
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      DetachedAccelerator device{{.seed = 64 * seed + static_cast<std::uint64_t>(world.rank()),
                                  .reachable_by_mpi = way.reachable_by_mpi}};
      options.accelerator = &device;
      options.node_memory = way.node_memory;
      world.run([&](Communicator& comm) { program(comm, device); }, options);
      world.run(
          [&](Communicator& comm) {
            CheckedCommunicator checked{comm};
            program(checked, device);
          },
          options);
      world.guard([&] {
        check(device.put_off() == 0, "after a run the device has done everything");
        check(device.staged() == 0, "after a run no staging memory is in use");
      });
    }
}

Buffer on_device(DetachedAccelerator& device, const std::vector<float>& values) {
  Buffer buffer{values.size(), Dtype::float32, device.memory()};
  copy_from_host(buffer, std::span{values});
  return buffer;
}
std::vector<float> values_of(ConstSlice slice) {
  const HostView view{slice};
  const auto values = view.slice().host<float>();
  return {values.begin(), values.end()};
}

}  // namespace troupe::tests

int main(int argc, char** argv) {
  using namespace troupe;
  mpi::World world{argc, argv};
  tests::Programs programs = tests::kernel_programs();
  programs.insert(tests::flow_programs().begin(), tests::flow_programs().end());
  programs.insert(tests::message_programs().begin(), tests::message_programs().end());
  const std::string wanted = argc > 1 ? argv[1] : "";
  world.guard([&] {
    if (wanted != "all" && !programs.contains(wanted))
      throw BadInput{"the first argument names a program of this executable, or is: all"};
    for (const auto& [name, program] : programs)
      if (wanted == name || (wanted == "all" && name != "late")) program(world);
  });
  if (world.rank() == 0) std::printf("passed: %s on %d ranks\n", wanted.c_str(), world.size());
}
