// Programs that run ahead of their device in the SimGrid world. Each test is a process of its own.

#include "tests/calibration/launching.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe {
namespace {

TEST(LaunchingInSimGrid, HidesBehindWhatTheDeviceStillRuns) {
  test::run_on(
      {.alpha = Seconds{1e-3}, .bandwidth = {1e9}, .processor = test::launched_processor()},
      [&](Communicator& comm) { test::expect_launches(comm, Seconds{1e-3}); });
}

TEST(LaunchingInSimGrid, IsNotSharedByRanksThatShareADevice) {
  // Both are launched in 10 us; then each of the long kernels takes twice its 30 us.
  test::run_on({.ranks = 2, .ranks_per_host = 2, .processor = test::launched_processor()},
               [&](Communicator& comm) {
                 compute(comm, test::copy_of(1'000'000));
                 EXPECT_NEAR(comm.now().count() * 1e6, 70, 1e-2);
                 compute(comm, test::copy_of(100));  // launched behind it, beside the other's
                 EXPECT_NEAR(comm.now().count() * 1e6, 74, 1e-2);
               });
}

}  // namespace
}  // namespace troupe
