#include "tests/cuda/main_mpi.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace {
std::optional<troupe::mpi::World> the_world;
}  // namespace

troupe::mpi::World& troupe::tests::world() { return *the_world; }

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  the_world.emplace(argc, argv);
  const int status = RUN_ALL_TESTS();
  the_world.reset();
  return status;
}
