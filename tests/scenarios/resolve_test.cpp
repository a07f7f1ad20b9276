#include "scenarios/resolve.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "algorithms/parameter_server/parameter_server.hpp"
#include "said.hpp"
#include "scenarios/tuning.hpp"

namespace troupe::scenarios {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

Scenario read(const std::string& text) {
  return read_scenario(Json::parse(text), Origin{"a.json"}, "/");
}

Machine machine(int ranks, bool known = true) {
  Machine machine;
  machine.ranks = ranks;
  machine.platform = "test";
  machine.digest = "d1";
  if (known) machine.typical = {.alpha = Seconds{1e-5}, .beta = 1e-9, .gamma = 1e-10};
  return machine;
}

Resolved resolved(const std::string& text, const Machine& on, bool simulated = true) {
  return resolve(read(text), on, simulated);
}

TEST(Resolve, FillsInWhatDependsOnTheClock) {
  const std::string text = R"({"troupe": 1, "collective": {"sizes": "1K", "algorithm": "ring"}})";
  const auto simulated = resolved(text, machine(4)).scenario;
  EXPECT_EQ(simulated.collective->iterations, 1);
  EXPECT_EQ(simulated.collective->warmup, 0);
  EXPECT_TRUE(*simulated.phantom);
  EXPECT_FALSE(*simulated.collective->check);
  const auto real = resolved(text, machine(4), false).scenario;
  EXPECT_EQ(real.collective->iterations, 20);
  EXPECT_EQ(real.collective->warmup, 5);
  EXPECT_FALSE(*real.phantom);
  EXPECT_TRUE(*real.collective->check);
}

TEST(Resolve, NamesEveryAlgorithmOfEverySize) {
  const auto result =
      resolved(R"({"troupe": 1, "collective": {"sizes": "1K:4K", "op": "broadcast"}})", machine(4));
  const auto& plan = result.scenario.collective->plan;
  ASSERT_EQ(plan.size(), 3u);
  for (const auto& planned : plan)
    EXPECT_THAT(planned.algorithms, testing::Not(testing::Contains("all")));
}

TEST(Resolve, AddsALibrarysOwnOnlyWhereItIsNamed) {
  auto with_mpi = machine(4);
  with_mpi.baselines = {"mpi"};
  const auto planned = [&](const std::string& algorithms) {
    return resolved(R"({"troupe": 1, "collective": {"sizes": "1K", "algorithm": ")" + algorithms +
                        "\"}}",
                    with_mpi, false)
        .scenario.collective->plan.front()
        .algorithms;
  };
  EXPECT_THAT(planned("ring,mpi"), testing::ElementsAre("ring", "mpi"));
  const auto all = planned("all");
  EXPECT_THAT(all, testing::Not(testing::Contains("mpi")));
  auto beside = all;
  beside.emplace_back("mpi");
  EXPECT_EQ(planned("all,mpi"), beside);
  EXPECT_THAT(planned("auto"), testing::Not(testing::Contains("mpi")));
}

TEST(Resolve, RefusesALibrarysOwnWhereTheLibraryIsNot) {
  const std::string text =
      R"({"troupe": 1, "collective": {"sizes": "1K", "op": "broadcast", "algorithm": "mpi"}})";
  EXPECT_THAT(
      said([&] { resolved(text, machine(4)); }),
      HasSubstr("algorithm \"mpi\" is a library's own broadcast: only with --backend mpi or "
                "cuda"));
}

TEST(Resolve, RefusesMoreValuesThanMpiCounts) {
  auto with_mpi = machine(2);
  with_mpi.baselines = {"mpi"};
  with_mpi.host_of_rank = {"a", "b"};  // real nodes, whose memory nobody here knows
  const auto asked = [&](const char* size, const char* dtype) {
    return said([&] {
      resolved(R"({"troupe": 1, "collective": {"algorithm": "mpi", "sizes": ")" +
                   std::string{size} + R"(", "dtype": ")" + dtype + "\"}}",
               with_mpi, false);
    });
  };
  EXPECT_THAT(asked("2G", "uint8"),
              HasSubstr("MPI counts values with an int, up to 2147483647, and "
                        "a rank has 2147483648 here"));
  EXPECT_EQ(asked("2G", "float32"), "no error");
}

TEST(Resolve, GivesATrainingTheNodesAndCardsOfTheMachine) {
  // or hierarchical sums would know no nodes, and many rings would be one
  Machine two_nodes = machine(4);
  two_nodes.layout.node_of_rank = {0, 0, 1, 1};
  two_nodes.layout.nics_per_node = 2;
  const auto training =
      resolved(R"({"troupe": 1, "training": {"collective": "hierarchical"}})", two_nodes)
          .scenario.training;
  EXPECT_EQ(training->layout.node_of_rank, two_nodes.layout.node_of_rank);
  EXPECT_EQ(training->layout.nics_per_node, 2);
  EXPECT_EQ(training->machine.alpha, Seconds{1e-5});
}

TEST(Resolve, ReadsTheNamesOfAKvStoreAsWhatTheyMean) {
  const auto digest_of = [](std::string_view mode) {
    return resolved(R"({"troupe": 1, "training": {"strategy": "parameter_server", "mode": ")" +
                        std::string{mode} + "\"}}",
                    machine(4))
        .digest;
  };
  for (const auto& [store, mode] : algorithms::ParameterServer::stores)
    EXPECT_EQ(digest_of(store), digest_of(mode)) << store;
  EXPECT_NE(digest_of("dist_sync"), digest_of("dist_async"));
  EXPECT_THAT(said([&] { digest_of("dist_asink"); }), HasSubstr("did you mean \"dist_async\"?"));
}

TEST(Resolve, TakesTheLeastClosedFormForAuto) {
  const auto result = resolved(
      R"({"troupe": 1, "collective": {"sizes": [8, "1G"], "algorithm": "auto"}})", machine(16));
  const auto& plan = result.scenario.collective->plan;
  ASSERT_EQ(plan.front().algorithms.size(), 1u);
  EXPECT_NE(plan.front().algorithms, plan.back().algorithms);
  EXPECT_THAT(said([] {
                resolved(R"({"troupe": 1, "collective": {"algorithm": "auto"}})",
                         machine(4, false));
              }),
              HasSubstr("give --platform"));
}

TEST(Resolve, GivesTheSameAgainFromItsOwnText) {
  const auto once = resolved(
      R"({"troupe": 1, "collective": {"sizes": "1K:4K", "algorithm": "auto"}})", machine(8));
  const auto again = resolve(read(once.json), machine(8), true);
  EXPECT_EQ(again.json, once.json);
  EXPECT_EQ(again.digest, once.digest);
}

TEST(Resolve, RefusesWhatTheMachineCannotServe) {
  const auto error = [](const std::string& text, int ranks) {
    return said([&] { resolved(text, machine(ranks)); });
  };
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {"op": "broadcast", "root": 4}})", 4),
              HasSubstr("root 4 is no rank: ranks are 0 to 3"));
  EXPECT_THAT(error(R"({"troupe": 1, "compute": {"speed": [1]}, "collective": {}})", 4),
              HasSubstr("/compute/speed has 1 entries for 4 ranks"));
  EXPECT_THAT(error(R"({"troupe": 1, "payload": "phantom", "collective": {"check": true}})", 4),
              HasSubstr("phantom payloads have no values to check"));
  EXPECT_THAT(error(R"({"troupe": 1, "payload": "real", "collective": {"sizes": "4T"}})", 4),
              HasSubstr("--payload phantom"));
}

TEST(Resolve, RefusesAModelLargerThanTheMemoryOfItsDevice) {
  Machine pod = machine(8);
  pod.least_memory = {.rank = 3, .device = "H100", .bytes = Bytes{80'000'000'000}};
  const auto text = [](const std::string& strategy, const std::string& preset) {
    return R"({"troupe": 1, "payload": "phantom", "training": {"strategy": ")" + strategy +
           R"(", "model": {"kind": "phantom", "preset": ")" + preset +
           R"("}, "optimiser": {"kind": "adam"}, "dtype": "float32", "batch": 1}})";
  };
  // 174.6e9 parameters of 4 bytes; gradients as many, and two moments.
  EXPECT_EQ(said([&] { resolved(text("data_parallel", "gpt3_175b"), pod); }),
            "strategy data_parallel on 8 ranks: a rank keeps 2.8 TB at least (698 GB of "
            "parameters, 698 GB of gradients, 1.4 TB of the optimiser's, 10.4 GB of activations), "
            "and rank 3, on a device H100, has 80 GB of memory");
  EXPECT_THAT(said([&] { resolved(text("sharded_optimiser", "gpt3_175b"), pod); }),
              HasSubstr("175 GB of the optimiser's"));
  EXPECT_THAT(said([&] { resolved(text("pipeline", "gpt3_175b"), pod); }),
              HasSubstr("cannot be cut into 8 micro-batches"));
  EXPECT_NO_THROW(resolved(text("data_parallel", "gpt2_xl"), pod));  // 25 GB
  pod.least_memory->bytes = Bytes{24'000'000'000};
  EXPECT_THAT(said([&] { resolved(text("data_parallel", "gpt2_xl"), pod); }),
              HasSubstr("has 24 GB of memory"));
  EXPECT_NO_THROW(resolved(text("sharded_optimiser", "gpt2_xl"), pod));
  pod.least_memory.reset();
  EXPECT_NO_THROW(resolved(text("data_parallel", "gpt3_175b"), pod)) << "nobody knows how much";
}

TEST(Resolve, RefusesJitterOnARealClock) {
  const std::string text =
      R"({"troupe": 1, "compute": {"jitter": {"kind": "exponential"}}, "collective": {}})";
  EXPECT_THAT(
      said([&] { resolved(text, machine(4), false); }),
      HasSubstr("/compute/jitter is \"exponential\", which only a simulated clock can follow"));
  EXPECT_EQ(resolved(text, machine(4)).scenario.compute.jitter.kind, "exponential");
}

TEST(Tuning, ChoosesTheLargestTunedSizeBelow) {
  Tuning tuning{.file = "t.json",
                .platform_digest = "d1",
                .platform = "test",
                .ranks = 4,
                .op = "allreduce",
                .dtype = "float32",
                .sizes = {{{1024}, "recursive_doubling", {}}, {{4096}, "ring", {}}}};
  const std::string file = testing::TempDir() + "troupe_tuning.json";
  std::ofstream{file} << to_json(tuning);
  const auto read_again = read_tuning(file);
  EXPECT_EQ(to_json(read_again), to_json(tuning));
  CollectiveStudy study;
  EXPECT_EQ(choose(read_again, study, machine(4), {8}), "recursive_doubling");
  EXPECT_EQ(choose(read_again, study, machine(4), {4095}), "recursive_doubling");
  EXPECT_EQ(choose(read_again, study, machine(4), {1 << 20}), "ring");
  auto other = machine(4);
  other.digest = "d2";
  EXPECT_THAT(said([&] { choose(read_again, study, other, {8}); }),
              HasSubstr("was tuned for platform d1, this run has d2"));
  EXPECT_THAT(said([&] { choose(read_again, study, machine(8), {8}); }),
              HasSubstr("was tuned for ranks 4, this run has 8"));
}

}  // namespace
}  // namespace troupe::scenarios
