// Random programs of flows on a GPU: what a rank takes for complete, while its GPU is far behind,
// comes before whatever a flow does with it.

#include <gtest/gtest.h>

#include <utility>

#include "contract/random_program.hpp"
#include "core/forwarding.hpp"
#include "real_backend/cuda/device.hpp"
#include "tests/cuda/main_mpi.hpp"

namespace troupe {
namespace {

/// Every kernel of the rank's own flow waits on the device behind a long one; those of flows do
/// not.
class Lagging final : public ForwardingCommunicator {
 public:
  Lagging(Communicator& comm, Memory& memory)
      : ForwardingCommunicator{comm}, ballast_{std::size_t{32} << 20, Dtype::float32, memory} {}
  Request start(Kernel kernel) override {
    lag();
    return inner().start(std::move(kernel));
  }
  Request spawn(Task task) override { return inner().spawn(std::move(task)); }

 private:
  void do_compute(Kernel&& kernel) override {
    lag();
    compute(inner(), std::move(kernel));
  }
  void lag() { compute(inner(), Fill{1, ballast_}); }

  Buffer ballast_;
};

TEST(FlowsOnAGpu, ComputeWhatTheyWouldInOrder) {
  if (const auto why = cuda::why_no_device(); !why.empty()) GTEST_SKIP() << why;
  cuda::Device device{0};
  mpi::Options options;
  options.accelerator = &device;
  for (const Bytes node_memory : {options.node_memory, Bytes{0}}) {
    options.node_memory = node_memory;
    tests::world().run(
        [&](Communicator& comm) {
          Lagging lagging{comm, device.memory()};
          for (std::uint64_t seed = 1; seed <= 200; ++seed)
            contract::RandomProgram{seed, comm.size()}.run(lagging, device.memory());
        },
        options);
  }
}

}  // namespace
}  // namespace troupe
