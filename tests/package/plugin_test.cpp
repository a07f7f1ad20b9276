// What the loader refuses, and in which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "core/loopback.hpp"
#include "core/plugin_loader.hpp"

namespace troupe {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

void nothing(Communicator&, Slice, Op) {}
constexpr PluginAllreduce good{.name = "mine", .summary = "does nothing", .run = nothing};

auto checking(const Plugin& plugin) {
  return [plugin] { return algorithms_of(plugin, "mine.so"); };
}

TEST(Plugin, TableOfThisVersionIsTaken) {
  const auto algorithms = algorithms_of({.allreduces = &good, .allreduce_count = 1}, "mine.so");
  ASSERT_EQ(algorithms.size(), 1u);
  EXPECT_STREQ(algorithms[0].name, "mine");
}

TEST(Plugin, OneBuiltForAnotherVersionIsRefusedWithBothVersions) {
  EXPECT_THAT(
      checking({.troupe_version = "0.0.7", .allreduces = &good, .allreduce_count = 1}),
      ThrowsMessage<BadInput>(AllOf(HasSubstr("mine.so"), HasSubstr("built for Troupe 0.0.7"),
                                    HasSubstr("this is " TROUPE_VERSION))));
}

TEST(Plugin, AnotherInterfaceIsRefusedBeforeAnythingElseIsRead) {
  const auto* nowhere = reinterpret_cast<const char*>(8);
  EXPECT_THAT(checking({.abi = 99,
                        .troupe_version = nowhere,
                        .allreduces = reinterpret_cast<const PluginAllreduce*>(8),
                        .allreduce_count = 5}),
              ThrowsMessage<BadInput>(HasSubstr("version 99 of the plugin interface")));
}

TEST(Plugin, AlgorithmsNeedNamesOfTheirOwnAndAFunction) {
  const auto refused = [](std::vector<PluginAllreduce> table, const char* why) {
    EXPECT_THAT(checking({.allreduces = table.data(), .allreduce_count = table.size()}),
                ThrowsMessage<BadInput>(HasSubstr(why)));
  };
  refused({}, "names no algorithm");
  refused({good, good}, "two algorithms are called \"mine\"");
  refused({{.name = "My-Ring", .summary = "", .run = nothing}}, "\"My-Ring\"");
  refused({{.name = nullptr, .summary = "", .run = nothing}}, "called \"\"");
  refused({{.name = "mine", .summary = "", .run = nullptr}}, "no function to run");
  refused({{.name = "mine", .summary = nullptr, .run = nothing}}, "no summary");
}

TEST(Plugin, FilesThatAreNoPluginAreRefused) {
  EXPECT_THAT([] { load_plugin("not/there.so"); },
              ThrowsMessage<BadInput>(HasSubstr("not/there.so: no such file")));
  const auto text = std::filesystem::path{testing::TempDir()} / "troupe_text_that_is_no.so";
  std::ofstream{text} << "just text\n";
  EXPECT_THAT([&] { load_plugin(text); }, ThrowsMessage<BadInput>(HasSubstr("cannot be loaded")));
  std::filesystem::remove(text);
  EXPECT_THAT([] { load_plugin(TROUPE_CORE_LIBRARY); },
              ThrowsMessage<BadInput>(HasSubstr("is a shared library but no plugin")));
}

TEST(Plugin, ARefusalIsTheUsersToMend) {
  try {
    load_plugin("not/there.so");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_status(), 2);
  }
}

// ---- one core on both sides (docs/decisions/0002-core-is-a-shared-library.md)

void run_probe(std::string_view name) {
  run_loopback(1, [&](Communicator& comm) {
    std::vector<float> vector(8, 1.0f);
    const auto algorithms =
        load_plugin(TROUPE_PROBE_PLUGIN);  // g++ 14 fears for a span in the loop's head
    for (const PluginAllreduce& algorithm : algorithms)
      if (algorithm.name == name) algorithm.run(comm, std::span{vector}, Op::sum);
  });
}

TEST(Plugin, SharesHostMemoryWithTheProgram) { EXPECT_NO_THROW(run_probe("same_host_memory")); }

TEST(Plugin, ErrorsOfItsOwnAreCaughtByTheirBases) {
  EXPECT_THROW(run_probe("throws_its_own"), PeerLost);
  EXPECT_THROW(run_probe("throws_its_own"), Error);
}

TEST(Plugin, BrokenPromisesAreReportedLikeThoseOfTheProgram) {
  EXPECT_THROW(run_probe("breaks_a_promise"), ContractViolation);
}

TEST(Plugin, OpenedTwiceIsTheSamePlugin) {
  EXPECT_EQ(load_plugin(TROUPE_PROBE_PLUGIN).data(), load_plugin(TROUPE_PROBE_PLUGIN).data());
}

}  // namespace
}  // namespace troupe
