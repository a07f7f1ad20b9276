// GPU clusters: routes inside and across nodes, and what wrong documents are told.

#include "platforms/gpu_cluster.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "messages.hpp"
#include "platforms/json_reader.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

json document() {
  return json::parse(R"({
    "troupe_gpu_cluster": 1, "nodes": 4,
    "node": {"gpus": 4, "speed": "10Tf",
             "interconnect": {"kind": "nvswitch", "bandwidth": "300GBps", "latency": "1us"},
             "nics": {"count": 2, "bandwidth": "100Gbps", "latency": "1us"}},
    "fabric": {"kind": "crossbar"}})");
}

json document_with(const char* pointer, const char* value) {
  json changed = document();
  changed[json::json_pointer{pointer}] = json::parse(value);
  return changed;
}

std::vector<std::string> names(const Topology& topology, int from, int to) {
  std::vector<std::string> result;
  for (const int link : topology.route(from, to))
    result.push_back(topology.links.at(static_cast<std::size_t>(link)).name);
  return result;
}

void expect_sound(const Topology& topology) {
  std::set<std::string> seen;
  for (const TopologyLink& link : topology.links)
    EXPECT_TRUE(seen.insert(link.name).second) << link.name;
  const int n = static_cast<int>(topology.hosts.size());
  for (int from = 0; from < n; ++from)
    for (int to = 0; to < n; ++to)
      for (const int link : from == to ? LinkPath{} : topology.route(from, to))
        ASSERT_LT(static_cast<std::size_t>(link), topology.links.size());
}

TEST(GpuCluster, GpusAreHostsInOrderOfNodeAndKnowTheirNode) {
  const Topology cluster = gpu_cluster(document(), "c.json");
  ASSERT_EQ(cluster.hosts.size(), 16u);
  EXPECT_EQ(cluster.hosts[5].name, "node1-gpu1");
  EXPECT_EQ(cluster.hosts[5].node, "node1");
  EXPECT_EQ(cluster.hosts[5].speed.value, 1e13);
  expect_sound(cluster);
}

TEST(GpuCluster, MessagesStayOnTheSwitchInsideANodeAndShareCardsAcross) {
  const Topology cluster = gpu_cluster(document(), "c.json");
  EXPECT_THAT(names(cluster, 4, 7), ElementsAre("node1-gpu0-nvlink_UP", "node1-gpu3-nvlink_DOWN"));
  EXPECT_THAT(names(cluster, 4, 15), ElementsAre("node1-nic0_UP", "node3-nic1_DOWN"));
  EXPECT_EQ(names(cluster, 4, 15), names(cluster, 5, 14)) << "two GPUs share a card";
}

TEST(GpuCluster, PciePassesTheRootBetweenSwitches) {
  const Topology cluster =
      gpu_cluster(document_with("/node/interconnect", R"({"kind": "pcie", "bandwidth": "32GBps",
          "latency": "1us", "gpus_per_switch": 2, "root_bandwidth": "16GBps"})"),
                  "c.json");
  EXPECT_THAT(names(cluster, 4, 5), ElementsAre("node1-gpu0-pcie_UP", "node1-gpu1-pcie_DOWN"));
  EXPECT_THAT(names(cluster, 4, 7), ElementsAre("node1-gpu0-pcie_UP", "node1-pcie0_UP",
                                                "node1-pcie1_DOWN", "node1-gpu3-pcie_DOWN"));
  expect_sound(cluster);
}

TEST(GpuCluster, NvlinkIsACableForEachPair) {
  const Topology cluster =
      gpu_cluster(document_with("/node/interconnect/kind", R"("nvlink")"), "c.json");
  EXPECT_THAT(names(cluster, 4, 7), ElementsAre("node1-gpu0-gpu3_UP"));
  EXPECT_THAT(names(cluster, 7, 4), ElementsAre("node1-gpu0-gpu3_DOWN"));
  EXPECT_EQ(cluster.links.size(), 4u * 6 * 2 + 16);
  expect_sound(cluster);
}

TEST(GpuCluster, HostLinkIsCrossedOnTheWayToTheCardOnly) {
  const Topology cluster = gpu_cluster(
      document_with("/node/host_link", R"({"bandwidth": "32GBps", "latency": "1us"})"), "c.json");
  EXPECT_EQ(names(cluster, 4, 7).size(), 2u);
  EXPECT_THAT(names(cluster, 4, 15), ElementsAre("node1-gpu0-host_UP", "node1-nic0_UP",
                                                 "node3-nic1_DOWN", "node3-gpu3-host_DOWN"));
  expect_sound(cluster);
}

TEST(GpuCluster, RailsKeepEqualCardsUnderOneSwitch) {
  const Topology cluster = gpu_cluster(
      document_with("/fabric", R"({"kind": "rail_optimised", "nodes_per_rail": 2, "spines": 2,
                                   "latency": "1us"})"),
      "c.json");
  EXPECT_EQ(names(cluster, 0, 4).size(), 2u) << "same rail, neighbouring nodes";
  EXPECT_EQ(names(cluster, 0, 6).size(), 4u) << "another rail";
  EXPECT_EQ(names(cluster, 0, 8).size(), 4u) << "same rail, another pair of nodes";
  EXPECT_THAT(names(cluster, 0, 4), ElementsAre("node0-nic0_UP", "node1-nic0_DOWN"));
  EXPECT_EQ(names(cluster, 3, 14).front(), "node0-nic1_UP");
  EXPECT_EQ(names(cluster, 3, 14).back(), "node3-nic1_DOWN");
  expect_sound(cluster);
}

TEST(GpuCluster, OneNodeAloneNeedsNeitherCardsNorFabric) {
  json alone = document_with("/nodes", "1");
  alone.erase("fabric");
  EXPECT_THAT(complaint_of([&] { gpu_cluster(alone, "c.json"); }), HasSubstr("\"fabric\""));
  alone["node"].erase("nics");
  const Topology node = gpu_cluster(alone, "c.json");
  EXPECT_EQ(node.hosts.size(), 4u);
  EXPECT_EQ(node.links.size(), 8u);
  expect_sound(node);
  alone["nodes"] = 2;
  EXPECT_THAT(complaint_of([&] { gpu_cluster(alone, "c.json"); }), HasSubstr("\"nics\""));
}

TEST(GpuCluster, AGpuThatRanksShareIsSeveralHostsOfOneProcessor) {
  const Topology topology = gpu_cluster(document_with("/node/hosts_per_gpu", "2"), "f.json");
  ASSERT_EQ(topology.hosts.size(), 32u);
  EXPECT_EQ(topology.hosts[1].name, "node0-gpu1-0");
  EXPECT_EQ(topology.hosts[5].name, "node0-gpu1-1");
  EXPECT_EQ(topology.hosts[1].processor, "node0-gpu1");
  EXPECT_EQ(topology.hosts[5].processor, "node0-gpu1");
  EXPECT_EQ(topology.hosts[9].processor, "node1-gpu1");
  EXPECT_THAT(names(topology, 1, 5), ElementsAre("node0-gpu1-nvlink_UP", "node0-gpu5-nvlink_DOWN"));
  EXPECT_THAT(gpu_cluster(document(), "f.json").hosts[0].processor, testing::IsEmpty());
  expect_sound(topology);
}

TEST(GpuCluster, SaysWhichMessagesLeaveAtOnceAndWhichDeviceIsCharged) {
  json told = document();
  told["eager_limit"] = "64KiB";
  told["node"]["measured_device"] = "gpu.json";
  gpu_cluster(told, "c.json");
  const TemporaryFile file{"told.json", told.dump()};
  const auto runs = cluster_runs(file.path().string());
  EXPECT_EQ(runs.eager_limit.value, 65536u);
  EXPECT_EQ(runs.measured_device, (file.path().parent_path() / "gpu.json").string());
  told["eager_limit"] = "much";
  const TemporaryFile wrong{"wrong.json", told.dump()};
  EXPECT_THAT(complaint_of([&] { cluster_runs(wrong.path().string()); }),
              AllOf(HasSubstr("/eager_limit: \"much\""), IsOneLine()));
}

TEST(GpuCluster, OtherFabrics) {
  expect_sound(gpu_cluster(
      document_with("/fabric",
                    R"({"kind": "fat_tree", "ports_per_leaf": 4, "spines": 2, "latency": 1e-6})"),
      "c.json"));
  expect_sound(gpu_cluster(
      document_with("/fabric", R"({"kind": "dragonfly", "groups": 2, "routers": 2, "latency": 1e-6,
                                   "global_bandwidth": "50Gbps"})"),
      "c.json"));
  const Topology torus = gpu_cluster(
      document_with("/fabric", R"({"kind": "torus", "dimensions": [2, 2, 2]})"), "c.json");
  expect_sound(torus);
  EXPECT_TRUE(torus.grid.empty()) << "16 GPUs on 8 cards are no grid";
}

TEST(GpuCluster, ChipsOfTheirOwnOnATorusAreAGrid) {
  const Topology torus = gpu_cluster(json::parse(R"({
      "troupe_gpu_cluster": 1, "nodes": 12, "fabric": {"kind": "torus", "dimensions": [3, 4]},
      "node": {"gpus": 1, "device": "TPUv4",
               "nics": {"count": 1, "bandwidth": "50GBps", "latency": "1us"}}})"),
                                     "c.json");
  EXPECT_THAT(torus.grid, ElementsAre(3, 4));
  EXPECT_EQ(torus.hosts[0].device, "TPUv4");
  expect_sound(torus);
}

TEST(GpuCluster, DeviceGivesSpeedAndMemoryBandwidth) {
  const Topology cluster = gpu_cluster(document_with("/node/device", R"("H100")"), "c.json");
  EXPECT_EQ(cluster.hosts[0].speed.value, 1e13) << "what is said outright counts";
  EXPECT_EQ(cluster.hosts[0].memory_bandwidth->value, 3.35e12);
}

TEST(GpuCluster, BothWaysOfAPortAreALinkThatBothEndsOfARouteCross) {
  json shared = document();
  shared["node"]["interconnect"]["both_ways"] = "400GBps";
  shared["node"]["nics"]["both_ways"] = "120Gbps";
  const Topology cluster = gpu_cluster(shared, "c.json");
  expect_sound(cluster);
  EXPECT_THAT(names(cluster, 5, 6),
              ElementsAre("node1-gpu1-nvlink_UP", "node1-gpu1-nvlink_BOTH",
                          "node1-gpu2-nvlink_BOTH", "node1-gpu2-nvlink_DOWN"));
  EXPECT_THAT(names(cluster, 1, 6), ElementsAre("node0-nic0_UP", "node0-nic0_BOTH",
                                                "node1-nic1_BOTH", "node1-nic1_DOWN"));
  shared["node"]["interconnect"]["kind"] = "nvlink";
  const Topology pairs = gpu_cluster(shared, "c.json");
  expect_sound(pairs);
  EXPECT_THAT(names(pairs, 6, 5), ElementsAre("node1-gpu1-gpu2_DOWN", "node1-gpu1-gpu2_BOTH"));
}

TEST(GpuCluster, WhatTheSizeChangesIsKnownWithinNodesAndBetweenThem) {
  const Topology plain = gpu_cluster(document(), "c.json");
  EXPECT_FALSE(plain.by_size.has_value());
  const Topology cluster =
      gpu_cluster(document_with("/node/nics/by_size",
                                R"([{"above": "4KiB", "latency": 2, "bandwidth": 0.5},
                        {"above": 65536, "latency": 3, "bandwidth": 1}])"),
                  "c.json");
  ASSERT_TRUE(cluster.by_size.has_value());
  const auto& across = (*cluster.by_size)[static_cast<std::size_t>(PairClass::across)];
  EXPECT_EQ(across.latency.at(4096), 1);
  EXPECT_EQ(across.latency.at(4097), 2);
  EXPECT_EQ(across.bandwidth.at(65536), 0.5);
  EXPECT_EQ(across.bandwidth.at(65537), 1);
  const auto& inside = (*cluster.by_size)[static_cast<std::size_t>(PairClass::same_node)];
  EXPECT_EQ(inside.latency.at(1e9), 1);
}

TEST(GpuCluster, ErrorsNamePointerValueExpectationAndNearestName) {
  const auto complaint = [](const char* pointer, const char* value) {
    return complaint_of([&] { gpu_cluster(document_with(pointer, value), "c.json"); });
  };
  EXPECT_THAT(
      complaint("/node/gpu", "8"),
      AllOf(HasSubstr("c.json: /node/gpu: 8: unknown key, did you mean \"gpus\""), IsOneLine()));
  EXPECT_THAT(complaint("/node/nics/count", "3"),
              HasSubstr("/node/nics/count: 3: expected a divisor of the 4 GPUs of a node"));
  EXPECT_THAT(complaint("/node/nics/count", "5"), HasSubstr("a whole number from 1 to 4"));
  EXPECT_THAT(complaint("/node/device", R"("H1000")"),
              AllOf(HasSubstr("c.json: /node/device"), HasSubstr("\"H100\""), IsOneLine()));
  EXPECT_THAT(complaint("/node/interconnect/kind", R"("nvswich")"),
              HasSubstr("did you mean \"nvswitch\""));
  EXPECT_THAT(complaint("/fabric/kind", R"("mesh")"), HasSubstr("/fabric/kind: \"mesh\""));
  EXPECT_THAT(complaint("/fabric/latency", "1"), HasSubstr("/fabric/latency: 1: unknown key"));
  EXPECT_THAT(complaint("/fabric", R"({"kind": "torus", "dimensions": [3, 3]})"),
              HasSubstr("the number of network cards, 8"));
  EXPECT_THAT(complaint("/troupe_gpu_cluster", "2"), HasSubstr("/troupe_gpu_cluster: 2"));
  EXPECT_THAT(complaint("/node/nics/both_ways", R"("99Gbps")"),
              HasSubstr("/node/nics/both_ways: \"99Gbps\": expected no less than one way"));
  EXPECT_THAT(complaint("/node/nics/by_size", R"([{"above": 5, "latency": 1, "bandwidth": 0}])"),
              HasSubstr("/node/nics/by_size/0/bandwidth: 0: expected"));
  EXPECT_THAT(complaint("/node/interconnect/by_size",
                        R"([{"above": 5, "latency": 1, "bandwidth": 1},
                            {"above": 5, "latency": 1, "bandwidth": 1}])"),
              HasSubstr("/by_size/1/above: 5: expected sizes that grow"));
  EXPECT_THAT(complaint("/nodes", "4000000"), HasSubstr("/nodes: 4000000"));
}

TEST(GpuCluster, RefusesAKeyThatStandsTwice) {
  const TemporaryFile twice{"twice.json", R"({"loggp": {"across": {"gap": 1, "gap": 2}}})"};
  EXPECT_EQ(complaint_of([&] { read_json_file(twice.path()); }),
            twice.text() + ": key \"gap\" stands twice in one object");
}
TEST(GpuCluster, FileThatIsNoJsonIsToldLineAndColumn) {
  EXPECT_THAT(complaint_of([] { read_json_file(TROUPE_PLATFORMS_DIRECTORY "/star_16.xml"); }),
              AllOf(HasSubstr("star_16.xml:1:1: not JSON"), IsOneLine()));
  EXPECT_THAT(complaint_of([] { read_json_file("/nowhere.json"); }), HasSubstr("cannot read"));
  const TemporaryFile cut_off{"cut_off.json", "{\n \"name\": \"half of"};
  EXPECT_THAT(complaint_of([&] { read_json_file(cut_off.path()); }),
              AllOf(HasSubstr("cut_off.json:2:"), HasSubstr("missing closing quote"), IsOneLine()));
}

}  // namespace
}  // namespace troupe::platforms
