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
  test::run_on({.ranks = 2, .ranks_per_host = 2, .processor = test::launched_processor()},
               [](Communicator& comm) { test::expect_launches_beside(comm, 1e-2); });
}

TEST(LaunchingInSimGrid, CodeOnTheHostWaitsForTheDevice) {
  test::run_on({.ranks = 1, .processor = test::launched_processor(test::host_beside())},
               [](Communicator& comm) { test::expect_host_code(comm, 1, 1e-2); });
}

TEST(LaunchingInSimGrid, CodeOnTheHostIsNotSharedByRanksThatShareADevice) {
  test::run_on(
      {.ranks = 2, .ranks_per_host = 2, .processor = test::launched_processor(test::host_beside())},
      [](Communicator& comm) { test::expect_host_code(comm, 2, 1e-2); });
}

}  // namespace
}  // namespace troupe
