// The star generator is the platform on which closed forms are exact, and what SimGridPlatform
// calls the effective latency and bandwidth of a route is what SimGrid charges, under every model.

#include <gmock/gmock.h>

#include "loaded.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

constexpr const char* check_platform =
    R"({"kind": "star", "hosts": 8, "bandwidth": "1.25GBps", "latency": "4us"})";
constexpr double alpha = 4e-6, beta = 1 / 1.25e9;

void expect_predicted(const PlatformSpec& spec, const std::vector<std::string>& cfg, double bytes) {
  Loaded loaded{spec, cfg};
  const int last = static_cast<int>(loaded.platform.ranks().size()) - 1;
  const RouteFacts route = loaded.platform.route(0, last);
  const double predicted =
      route.effective_latency.count() + bytes / route.effective_bandwidth.value;
  EXPECT_NEAR(loaded.time_of_message(0, last, bytes) / predicted, 1, 1e-6)
      << loaded.platform.network().text();
}

TEST(ClosedForm, OneMessageCostsAlphaPlusBytesTimesBeta) {
  Loaded loaded{generated(check_platform)};
  const double bytes = 1e6;
  EXPECT_NEAR(loaded.time_of_message(0, 7, bytes) / (alpha + bytes * beta), 1, 1e-6);
}

TEST(ClosedForm, EverybodySendsAndReceivesAtOnceForThePriceOfOne) {
  Loaded loaded{generated(check_platform)};
  const std::uint64_t bytes = 1'000'000;
  const auto ranks = loaded.platform.ranks();
  const std::size_t n = ranks.size();
  for (std::size_t rank = 0; rank < n; ++rank)
    compat::add_actor("rank", ranks[rank].host, [=] {
      const auto mailbox = [](std::size_t to) {
        return simgrid::s4u::Mailbox::by_name(std::to_string(to));
      };
      static int payload = 0;
      int* received = nullptr;
      const auto in = mailbox(rank)->get_async<int>(&received);
      mailbox((rank + 1) % n)->put(&payload, bytes);
      in->wait();
    });
  loaded.engine.run();
  const double end = simgrid::s4u::Engine::get_clock();
  EXPECT_NEAR(end / (alpha + static_cast<double>(bytes) * beta), 1, 1e-6);
}

TEST(ClosedForm, GpusThatLeaveTheirNodeByOneCardEachHaveTheirShareOfIt) {
  // 4 GPUs a node and one card: all 4 send to the other node at once, each at B/4, so that all of
  // them arrive after α + 4 · bytes / B.
  const TemporaryFile file{"cluster.json", R"({
    "troupe_gpu_cluster": 1, "nodes": 2,
    "node": {"gpus": 4, "speed": "10Tf",
             "interconnect": {"kind": "nvswitch", "bandwidth": "300GBps", "latency": "1us"},
             "nics": {"count": 1, "bandwidth": "10GBps", "latency": "1us"}},
    "fabric": {"kind": "crossbar"}})"};
  Loaded loaded{platform_file(file.path())};
  const auto ranks = loaded.platform.ranks();
  const double bytes = 1e8, latency = loaded.platform.route(0, 4).effective_latency.count();
  std::vector<double> arrived(4);
  static int payload = 0;
  for (std::size_t gpu = 0; gpu < 4; ++gpu) {
    auto* const mailbox = simgrid::s4u::Mailbox::by_name("m" + std::to_string(gpu));
    compat::add_actor("from", ranks[gpu].host,
                      [=] { mailbox->put(&payload, static_cast<std::uint64_t>(bytes)); });
    compat::add_actor("to", ranks[gpu + 4].host, [=, &arrived] {
      mailbox->get<int>();
      arrived[gpu] = simgrid::s4u::Engine::get_clock();
    });
  }
  loaded.engine.run();
  for (const double seconds : arrived) EXPECT_NEAR(seconds / (latency + 4 * bytes / 10e9), 1, 1e-6);
}

TEST(ClosedForm, EffectiveRouteIsWhatSimGridChargesUnderCM02) {
  expect_predicted(shipped("fat_tree_64.xml"), {}, 3e5);
}
TEST(ClosedForm, EffectiveRouteIsWhatSimGridChargesUnderLV08) {
  expect_predicted(shipped("star_16.xml"), {"network/model:LV08"}, 3e7);
}
TEST(ClosedForm, EffectiveRouteIsWhatSimGridChargesUnderSMPIForAMebibyte) {
  expect_predicted(shipped("star_16.xml"), {"network/model:SMPI"}, 1 << 20);
}
TEST(ClosedForm, EffectiveRouteIsWhatSimGridChargesWithFactorsOfTheScenario) {
  PlatformSpec spec = shipped("torus_8x8.xml");
  spec.latency_factor = 3;
  spec.bandwidth_factor = 0.5;
  expect_predicted(spec, {}, 1e6);
}
TEST(ClosedForm, EffectiveRouteIsWhatSimGridChargesWhereTheTcpWindowBinds) {
  expect_predicted(shipped("two_sites_wan.xml"), {"network/TCP-gamma:1000000"}, 1e7);
}
TEST(ClosedForm, EffectiveRouteIsWhatSimGridChargesWhereWindowAndLatencyFactorMeet) {
  expect_predicted(shipped("two_sites_wan.xml"), {"network/model:LV08"}, 1e8);
}

/// Two nodes of two GPUs; within and between them messages pay by their size, and the scenario
/// doubles latencies.
void expect_by_size(int to, double bytes, double latency, double bandwidth) {
  const TemporaryFile file{"sizes.json", R"({
    "troupe_gpu_cluster": 1, "nodes": 2,
    "node": {"gpus": 2, "speed": "10Tf",
             "interconnect": {"kind": "nvswitch", "bandwidth": "4GBps", "latency": "1us",
               "by_size": [{"above": 1000, "latency": 3, "bandwidth": 0.5}]},
             "nics": {"count": 2, "bandwidth": "1GBps", "latency": "10us",
               "by_size": [{"above": 5000, "latency": 0, "bandwidth": 0.25}]}},
    "fabric": {"kind": "crossbar"}})"};
  PlatformSpec spec = platform_file(file.path());
  spec.latency_factor = 2;
  Loaded loaded{spec};
  EXPECT_NEAR(loaded.time_of_message(0, to, bytes) / (2 * latency + bytes / bandwidth), 1, 1e-6);
}
TEST(ClosedForm, SimGridChargesAShortMessageWithinANodeAsStated) {
  expect_by_size(1, 1000, 2e-6, 4e9);
}
TEST(ClosedForm, SimGridChargesALongMessageWithinANodeByItsSize) {
  expect_by_size(1, 1001, 6e-6, 2e9);
}
TEST(ClosedForm, SimGridChargesAShortMessageBetweenNodesAsStated) {
  expect_by_size(2, 5000, 2e-5, 1e9);
}
TEST(ClosedForm, SimGridChargesALongMessageBetweenNodesByItsSize) {
  expect_by_size(2, 5001, 0, 0.25e9);
}

TEST(ClosedForm, RanksOfOneHostTalkOverItsLoopback) {
  PlatformSpec spec = generated(check_platform);
  spec.placement.ranks_per_host = 2;
  Loaded loaded{spec};
  const RouteFacts route = loaded.platform.route(0, 1);
  EXPECT_THAT(route.links, testing::ElementsAre("loopback"));
  EXPECT_NEAR(loaded.time_of_message(0, 1, 1e6) * route.effective_bandwidth.value / 1e6, 1, 1e-6);
}

}  // namespace
}  // namespace troupe::platforms
