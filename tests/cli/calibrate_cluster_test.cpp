// troupe calibrate -o FILE.json: a simulated GPU cluster is measured, and what is written is that
// cluster.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class CalibrateCluster : public CliTest {
 protected:
  json calibrated(const std::string& platform, const std::string& options = "") const {
    const auto ran = troupe(fmt::format("calibrate --platform {} --quick -q -o {} {}", platform,
                                        file("again.json"), options));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return ran.status == 0 ? json::parse(read(file("again.json"))) : json{};
  }
  std::string cluster(const json& nodes, const json& node, const json& fabric) const {
    json all{{"troupe_gpu_cluster", 1}, {"nodes", nodes}, {"node", node}};
    if (!fabric.is_null()) all["fabric"] = fabric;
    return write("before.json", all.dump());
  }
  std::vector<double> times_on(const std::string& platform, const std::string& network) const {
    const auto ran = troupe(
        fmt::format("collective --platform {} --network {} --compute none -a ring,halving_doubling "
                    "--sizes 4K,1M -q --json {}",
                    platform, network, file("r.json")));
    EXPECT_EQ(ran.status, 0) << ran.err;
    std::vector<double> times;
    const auto report = json::parse(read(file("r.json")));
    for (const auto& result : report["results"]) times.push_back(result["time_s"]);
    return times;
  }
};

/// Numbers within a per cent, all else equal.
void expect_recovered(const json& found, const json& expected, const std::string& where = "") {
  if (expected.is_object()) {
    EXPECT_EQ(found.size(), expected.size()) << where << ": " << found;
    for (const auto& [key, value] : expected.items()) {
      ASSERT_TRUE(found.contains(key)) << where << "/" << key;
      expect_recovered(found[key], value, where + "/" + key);
    }
  } else if (expected.is_array()) {
    ASSERT_EQ(found.size(), expected.size()) << where << ": " << found;
    for (std::size_t i = 0; i < expected.size(); ++i)
      expect_recovered(found[i], expected[i], fmt::format("{}/{}", where, i));
  } else if (expected.is_number() && expected != 0) {
    EXPECT_NEAR(found.get<double>() / expected.get<double>(), 1, 0.01) << where;
  } else {
    EXPECT_EQ(found, expected) << where;
  }
}

TEST_F(CalibrateCluster, TheShippedTwoNodesAreRecoveredAndSimulateAsBefore) {
  for (const char* network : {"simgrid", "loggp"}) {
    const auto found = calibrated("dgx_h100_2", fmt::format("--network {}", network));
    EXPECT_EQ(found["nodes"], 2);
    expect_recovered(
        found["node"],
        {{"gpus", 8},
         {"speed", 67e12},
         {"memory_bandwidth", 3.35e12},
         {"interconnect", {{"kind", "nvswitch"}, {"bandwidth", 450e9}, {"latency", 5e-7}}},
         {"nics", {{"count", 8}, {"bandwidth", 50e9}, {"latency", 1e-6}}}});
    expect_recovered(found["fabric"], {{"kind", "rail_optimised"},
                                       {"nodes_per_rail", 2},
                                       {"spines", 2},
                                       {"bandwidth", 50e9},
                                       {"latency", 5e-7}});
    const auto before = times_on("dgx_h100_2", network),
               after = times_on(file("again.json"), network);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i] / before[i], 1, 0.01) << i;
  }
  const auto checked = troupe("platform check " + file("again.json"));
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("good for 16 ranks"));
}

TEST_F(CalibrateCluster, SwitchesOfANodeAndCardsThatNeighboursShareAreRecovered) {
  const json node{{"gpus", 4},
                  {"speed", 1e12},
                  {"memory_bandwidth", 2e12},
                  {"interconnect",
                   {{"kind", "pcie"},
                    {"bandwidth", 32e9},
                    {"latency", 1e-6},
                    {"gpus_per_switch", 2},
                    {"root_bandwidth", 20e9},
                    {"root_latency", 3e-6}}},
                  {"nics", {{"count", 2}, {"bandwidth", 12e9}, {"latency", 2e-6}}}};
  const json fabric{{"kind", "crossbar"}};
  const auto found = calibrated(cluster(3, node, fabric));
  EXPECT_EQ(found["nodes"], 3);
  expect_recovered(found["node"], node);
  EXPECT_EQ(found["fabric"], fabric);
}

/// A switch inside and cards, both narrower both ways at once, and whose messages pay by their
/// size.
json node_by_size(const char* kind) {
  const auto step = [](std::uint64_t above, double latency, double bandwidth) {
    return json{{"above", above}, {"latency", latency}, {"bandwidth", bandwidth}};
  };
  return {{"gpus", 4},
          {"speed", 1e12},
          {"memory_bandwidth", 2e12},
          {"interconnect",
           {{"kind", kind},
            {"bandwidth", 10e9},
            {"latency", 1e-6},
            {"both_ways", 16e9},
            {"by_size", {step(4096, 2, 0.8), step(524288, 4, 1)}}}},
          {"nics",
           {{"count", 4},
            {"bandwidth", 5e9},
            {"latency", 1e-5},
            {"both_ways", 7e9},
            {"by_size", json::array({step(65536, 3, 1)})}}}};
}

TEST_F(CalibrateCluster, BothWaysAndWhatTheSizeChangesAreRecovered) {
  for (const char* kind : {"nvswitch", "nvlink"}) {
    const json node = node_by_size(kind);
    const auto found = calibrated(cluster(2, node, {{"kind", "crossbar"}}), "--sizes 1:4M:x2");
    expect_recovered(found["node"], node);
    EXPECT_THAT(found["comment"].get<std::string>(), testing::Not(HasSubstr("Doubt")));
  }
}
TEST_F(CalibrateCluster, WhatTheSizeChangesIsRecoveredInTheLogGpWorldToo) {
  json node = node_by_size("nvswitch");
  node["interconnect"].erase("both_ways");  // which is not contended there
  node["nics"].erase("both_ways");
  expect_recovered(calibrated(cluster(2, node, {{"kind", "crossbar"}}),
                              "--network loggp --sizes 1:4M:x2")["node"],
                   node);
}

TEST_F(CalibrateCluster, CablesOfPairsAndACardThatOneRankCannotFillAreRecovered) {
  const json node{{"gpus", 3},
                  {"speed", 1e12},
                  {"memory_bandwidth", 2e12},
                  {"interconnect", {{"kind", "nvlink"}, {"bandwidth", 100e9}, {"latency", 1e-6}}},
                  {"host_link", {{"bandwidth", 5e9}, {"latency", 0}}},
                  {"nics", {{"count", 1}, {"bandwidth", 8e9}, {"latency", 2e-6}}}};
  expect_recovered(calibrated(cluster(2, node, {{"kind", "crossbar"}}))["node"], node);
}

TEST_F(CalibrateCluster, OneNodeAndOneGpuHaveNeitherCardsNorFabric) {
  json node{{"gpus", 4},
            {"speed", 1e12},
            {"memory_bandwidth", 2e12},
            {"interconnect", {{"kind", "nvswitch"}, {"bandwidth", 300e9}, {"latency", 1e-6}}}};
  const auto four = calibrated(cluster(1, node, {}));
  EXPECT_EQ(four["nodes"], 1);
  EXPECT_FALSE(four.contains("fabric"));
  expect_recovered(four["node"], node);
  EXPECT_EQ(times_on(file("again.json"), "simgrid").size(), 4u);
  node.erase("interconnect");
  node["gpus"] = 1;
  expect_recovered(calibrated(cluster(1, node, {}))["node"], node);
  const auto shown = troupe("platform show " + file("again.json"));
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("1 on 1 nodes"));
}

TEST_F(CalibrateCluster, RanksThatShareAGpuAreRecovered) {
  const json node{{"gpus", 2},
                  {"hosts_per_gpu", 2},
                  {"sharing", 1.25},
                  {"speed", 1e12},
                  {"memory_bandwidth", 2e12},
                  {"interconnect", {{"kind", "nvswitch"}, {"bandwidth", 10e9}, {"latency", 1e-6}}},
                  {"nics", {{"count", 4}, {"bandwidth", 5e9}, {"latency", 2e-6}}}};
  for (const char* network : {"simgrid", "loggp"}) {
    const auto found =
        calibrated(cluster(2, node, {{"kind", "crossbar"}}), fmt::format("--network {}", network));
    expect_recovered(found["node"], node);
    EXPECT_THAT(found["comment"].get<std::string>(), testing::Not(HasSubstr("Doubt")));
  }
}

TEST_F(CalibrateCluster, WhatAllMessagesOfANodeCarryTogetherIsRecovered) {
  for (const double backbone : {12e9, 25e9}) {
    const json node{
        {"gpus", 8},
        {"speed", 1e12},
        {"memory_bandwidth", 2e12},
        {"interconnect",
         {{"kind", "nvswitch"}, {"bandwidth", 10e9}, {"latency", 1e-6}, {"backbone", backbone}}}};
    expect_recovered(calibrated(cluster(1, node, {}))["node"], node);
  }
}

TEST_F(CalibrateCluster, RanksThatShareAGpuDivideWhatItComputes) {
  const auto step_on = [&](const json& gpus, const char* network) {
    json node{{"speed", 1e12},
              {"memory_bandwidth", 1e15},
              {"interconnect", {{"kind", "nvswitch"}, {"bandwidth", 1e15}, {"latency", 0}}}};
    node.update(gpus);
    const json scenario{{"troupe", 1},
                        {"platform", {{"file", cluster(1, node, {})}, {"ranks", 4}}},
                        {"network", network},
                        {"payload", "phantom"},
                        {"training",
                         {{"strategy", "data_parallel"},
                          {"model", {{"kind", "mlp"}, {"layers", {784, 256, 10}}}},
                          {"data", {{"kind", "digits"}, {"samples", 1024}}},
                          {"batch", 256},
                          {"optimiser", {{"kind", "sgd"}, {"rate", 0.01}}},
                          {"stop", {{"steps", 4}}}}}};
    const auto ran = troupe(
        fmt::format("run {} -q --json {}", write("s.json", scenario.dump()), file("r.json")));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(read(file("r.json")))["training"].back()["time_s"].get<double>();
  };
  for (const char* network : {"simgrid", "loggp"}) {
    const double alone = step_on({{"gpus", 4}}, network);
    EXPECT_GT(alone, 0);
    // Messages take less than a thousandth of a step.
    EXPECT_NEAR(step_on({{"gpus", 2}, {"hosts_per_gpu", 2}}, network) / alone, 2, 2e-3) << network;
    EXPECT_NEAR(step_on({{"gpus", 1}, {"hosts_per_gpu", 4}}, network) / alone, 4, 4e-3) << network;
    EXPECT_NEAR(step_on({{"gpus", 2}, {"hosts_per_gpu", 2}, {"sharing", 1.5}}, network) / alone, 3,
                3e-3)
        << network;
  }
}

TEST_F(CalibrateCluster, NodesWithUnequalNumbersOfRanksAreRefused) {
  const auto ran = troupe("calibrate --platform dgx_h100_2 --ranks 12 -q -o " + file("again.json"));
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("node0 has 8 ranks and node1 has 4"));
  EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  EXPECT_TRUE(files().empty());
}

TEST_F(CalibrateCluster, HostsThatDifferAreADoubt) {
  std::string zone;
  for (const char* host : {"a", "b", "c"})
    zone += fmt::format(R"(<host id="{0}" speed="1Gf"><prop id="node" value="n{0}"/></host>
        <link id="{0}{0}" bandwidth="{1}MBps" latency="1ms"/>)",
                        host, *host == 'c' ? 50 : 100);
  for (const char* way : {"ab", "ac", "bc"})
    zone += fmt::format(R"(<route src="{0}" dst="{1}"><link_ctn id="{0}{0}"/><link_ctn id="{1}{1}"/>
        </route>)",
                        way[0], way[1]);
  const auto platform = write("uneven.xml", R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd"><platform version="4.1"><config>
<prop id="network/model" value="CM02"/><prop id="network/TCP-gamma" value="0"/></config>
<zone id="z" routing="Full">)" + zone + "</zone></platform>");
  const auto ran =
      troupe(fmt::format("calibrate --platform {} --quick -o {}", platform, file("again.json")));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(
      ran.out,
      AllOf(HasSubstr("# 3 nodes of 1 rank"), HasSubstr("1 of 3 pairs are more than 10 % off"),
            HasSubstr("node0 and node1"), HasSubstr("-o FILE.xml keeps hosts apart")));
}

TEST_F(CalibrateCluster, ADeviceFileIsNamedAndCharged) {
  const auto device = write("gpu.json", R"({"troupe_device": 1, "name": "mine", "kernels": [
      {"kernel": "Reduce", "dtype": "float32", "points": [
        {"sizes": {"count": 1024}, "flops": 1024, "bytes": 12288, "time_s": 1}]}]})");
  const auto found = calibrated("dgx_h100_2", "--ranks 2 --device-file " + device);
  EXPECT_EQ(found["node"]["measured_device"], "gpu.json");
  const auto run = [&] {
    return troupe(
        fmt::format("collective --platform {} --ranks 2 -a central --sizes 4K -q --json {}",
                    file("again.json"), file("r.json")));
  };
  ASSERT_EQ(run().status, 0) << run().err;
  const auto report = json::parse(read(file("r.json")));
  EXPECT_EQ(report["environment"]["compute_device"], "mine");
  EXPECT_GT(report["results"][0]["time_s"].get<double>(), 1);
  std::filesystem::remove(device);
  EXPECT_EQ(run().status, 2);
  EXPECT_THAT(run().err, AllOf(HasSubstr("/node/measured_device"), HasSubstr("gpu.json")));
  const auto xml = troupe("calibrate --platform star_16 --device-file x -o " + file("mine.xml"));
  EXPECT_EQ(xml.status, 2);
  EXPECT_THAT(xml.err, HasSubstr("--device-file is of -o FILE.json"));
}

#ifdef TROUPE_MPI_PROGRAM
TEST_F(CalibrateCluster, RanksOfOneMachineAreOneNode) {
  Ran ran;
  for (int attempt = 0; attempt < 3; ++attempt) {  // as CalibrateLinks.UnderMpirun...
    ran = troupe(fmt::format("calibrate --quick --sizes 1:4M:x8 -o {}", file("mine.json")),
                 fmt::format("{} -n 2 ", MPIEXEC));
    if (ran.err.find("longer messages take no longer") == std::string::npos) break;
  }
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("# 1 node of 2 ranks on mpi"));
  const auto written = json::parse(read(file("mine.json")));
  EXPECT_EQ(written["nodes"], 1);
  EXPECT_GT(written["eager_limit"].get<double>(), 0);
  EXPECT_GT(written["node"]["interconnect"]["bandwidth"].get<double>(), 1e6);
  const auto simulated =
      troupe("collective -a ring --sizes 64K -q --platform " + file("mine.json"));
  EXPECT_EQ(simulated.status, 0) << simulated.err;
  const auto alone = troupe("calibrate --quick -q -o " + file("one.json"), MPIEXEC " -n 1 ");
  EXPECT_EQ(alone.status, 0) << alone.err;
  EXPECT_EQ(json::parse(read(file("one.json")))["node"]["gpus"], 1);
}
#endif

}  // namespace
}  // namespace troupe::cli_test
