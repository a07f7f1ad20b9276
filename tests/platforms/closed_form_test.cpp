// The star generator is the platform on which closed forms are exact, and what SimGridPlatform
// calls the effective latency and bandwidth of a route is what SimGrid charges, under every model.

#include <gmock/gmock.h>

#include "loaded.hpp"

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
