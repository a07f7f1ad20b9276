// The example plugin, built outside the tree against the installed package, in this program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "core/loopback.hpp"
#include "core/plugin_loader.hpp"

namespace troupe {
namespace {

const PluginAllreduce& example() {
  static const auto algorithms = load_plugin(TROUPE_EXAMPLE_PLUGIN);
  return algorithms.front();
}

TEST(InstalledPackage, PluginNamesItsAlgorithm) {
  EXPECT_STREQ(example().name, "own_allreduce");
  EXPECT_STRNE(example().summary, "");
}

TEST(InstalledPackage, PluginReducesOverAllRanks) {
  for (const int ranks : {1, 2, 4, 8})
    run_loopback(ranks, [&](Communicator& comm) {
      std::vector<float> vector(1000);
      std::iota(vector.begin(), vector.end(), static_cast<float>(comm.rank()));
      example().run(comm, std::span{vector}, Op::sum);
      for (std::size_t i = 0; i < vector.size(); ++i)
        ASSERT_EQ(vector[i], static_cast<float>(ranks) * static_cast<float>(i) +
                                 static_cast<float>(ranks * (ranks - 1)) / 2);
    });
}

TEST(InstalledPackage, WhatAPluginThrowsIsCaughtByItsTypeInTheProgram) {
  // Thrown in the plugin, carried from a rank's thread, caught here as the type it has there.
  EXPECT_THAT(
      [] {
        run_loopback(3, [](Communicator& comm) {
          std::vector<float> vector(8);
          example().run(comm, std::span{vector}, Op::sum);
        });
      },
      testing::ThrowsMessage<BadInput>(testing::HasSubstr("a power of two of ranks, 3 given")));
}

}  // namespace
}  // namespace troupe
