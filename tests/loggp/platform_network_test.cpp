// From platforms to the parameters of the LogGP world, without SimGrid.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platforms/message_costs.hpp"
#include "sim/loggp/platform_network.hpp"
#include "sim/loggp/simulation.hpp"
#include "tests/loggp/in_seconds.hpp"

namespace troupe::sim::loggp {
namespace {

using platforms::PlacedPlatform;
using testing::HasSubstr;

std::unique_ptr<PlacedPlatform> place(const std::string& generator, int ranks = 0,
                                      const std::vector<std::string>& cfg = {}) {
  platforms::PlatformSpec spec;
  spec.generator = generator;
  spec.placement.ranks = ranks;
  return platforms::place_own(spec, cfg);
}
const std::string star = R"({"kind": "star", "hosts": 8, "bandwidth": "10Gbps", "latency": "2us"})";
const std::string tree =
    R"({"kind": "fat_tree", "down": [4, 4], "up": [1, 2], "cables": [1, 1],
        "bandwidth": "8Gbps", "latency": "1us"})";

std::string refusal(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const BadPlatform& error) {
    return error.what();
  }
  return "it was accepted";
}

TEST(PlatformNetwork, TakesLatencyGapAndPortsFromARoute) {
  const auto platform = place(star);
  const PlatformNetwork network{*platform};
  const Route route = network.route(2, 5);
  EXPECT_NEAR(route.latency.count(), 2e-6, 1e-18);
  EXPECT_NEAR(route.per_byte.count(), 1 / 1.25e9, 1e-18);
  EXPECT_EQ(route.out, network.route(2, 7).out);  // one port for all that a host sends
  EXPECT_EQ(route.in, network.route(0, 5).in);
  EXPECT_NE(route.out, network.route(3, 5).out);
  EXPECT_NE(route.out, network.route(5, 2).in);  // a cable is a port out and a port in
}

TEST(PlatformNetwork, AppliesTheFactorsOfTheNetworkModel) {
  const auto platform =
      place(star, 0, {"network/latency-factor:3", "network/bandwidth-factor:0.5"});
  const PlatformNetwork network{*platform};
  const Route route = network.route(0, 1);
  EXPECT_NEAR(route.latency.count(), 6e-6, 1e-17);
  EXPECT_NEAR(route.per_byte.count(), 2 / 1.25e9, 1e-18);
  const auto port = network.ports()[static_cast<std::size_t>(route.out)];
  EXPECT_NEAR(port.bandwidth.value, 0.625e9, 1);
}

TEST(PlatformNetwork, HasNoPortsWithinAHost) {
  platforms::PlatformSpec spec;
  spec.generator = star;
  spec.placement.ranks_per_host = 2;
  const auto platform = platforms::place_own(spec, {});
  const PlatformNetwork network{*platform};
  EXPECT_EQ(network.class_of(0, 1), PairClass::same_host);
  EXPECT_EQ(network.route(0, 1).out, Route::no_port);
  EXPECT_EQ(network.route(0, 1).in, Route::no_port);
  EXPECT_EQ(network.route(0, 2).out, network.route(1, 2).out);  // ranks of a host share its port
}

TEST(PlatformNetwork, MakesANetworkCardThatGpusShareOnePort) {
  platforms::PlatformSpec spec;
  spec.file = std::string{TROUPE_PLATFORMS_DIRECTORY} + "/dgx_a100_pod_20.json";
  const auto platform = platforms::place_own(spec, {});
  const PlatformNetwork network{*platform};
  EXPECT_EQ(network.class_of(0, 1), PairClass::same_node);
  EXPECT_EQ(network.class_of(0, 8), PairClass::across);
  EXPECT_NE(network.route(0, 1).out, network.route(0, 8).out);  // NVSwitch and card
  EXPECT_LT(network.route(0, 1).per_byte, network.route(0, 8).per_byte);
  const auto classes = network.classes();
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0].of, PairClass::same_node);
}

TEST(PlatformNetwork, LetsOverridesReplaceWhatThePlatformSays) {
  const auto platform = place(star);
  const PlatformNetwork network{*platform,
                                {{PairClass::across, Seconds{5e-6}, BytesPerSecond{2e9}}}};
  EXPECT_EQ(network.route(0, 1).latency.count(), 5e-6);
  EXPECT_EQ(network.route(0, 1).per_byte.count(), 1 / 2e9);
}

TEST(PlatformNetwork, RefusesAnOverrideOfPairsThatAreNotThere) {
  const auto platform = place(star);
  EXPECT_THAT(
      refusal([&] {
        const PlatformNetwork network{*platform, {{PairClass::same_node, Seconds{1e-6}, {}}}};
      }),
      HasSubstr(
          "no two ranks are \"same_node\" here, so that nothing can be said of their messages "
          "(some are: across)"));
}
TEST(PlatformNetwork, RefusesAnOverrideOfMessagesOfARankToItself) {
  // Each GPU is a host: their messages within a node are of "same_node".
  platforms::PlatformSpec spec;
  spec.file = std::string{TROUPE_PLATFORMS_DIRECTORY} + "/dgx_h100_2.json";
  const auto platform = platforms::place_own(spec, {});
  EXPECT_THAT(
      refusal([&] {
        const PlatformNetwork network{*platform, {{PairClass::same_host, Seconds{1e-6}, {}}}};
      }),
      HasSubstr("no two ranks are \"same_host\""));
}

TEST(PlatformNetwork, ChargesWhatThePlatformSaysOfMessagesOfAClass) {
  platforms::PlatformSpec spec;
  spec.generator = R"({"kind": "star", "hosts": 2, "bandwidth": "1MBps", "latency": "0.25s",
      "loggp": {"across": {"overhead": 1, "overhead_per_byte": "1us", "gap": "0.5s"}}})";
  spec.placement.ranks_per_host = 2;
  const auto platform = platforms::place_own(spec, {});
  std::vector<Overheads> overheads;
  for (const auto& of : platform->message_costs)
    overheads.push_back({.each = of.overhead, .per_byte = of.overhead_per_byte, .gap = of.gap});
  const PlatformNetwork network{*platform};
  std::vector<Seat> seats(4, Seat{.host = "h"});
  const auto result = simulate(
      network, seats,
      [](Communicator& comm) {
        const auto payload = Slice::phantom(62'500);  // a quarter of a second on the cable
        if (comm.rank() == 1) return send(comm, 0, Tag{1}, payload);  // on one host: no overheads
        if (comm.rank() == 0) receive(comm, 1, Tag{1}, payload);
        if (comm.rank() == 2) {
          Request first = comm.isend(0, Tag{2}, payload), second = comm.isend(0, Tag{3}, payload);
          return wait_all(comm, std::move(first), std::move(second));
        }
        if (comm.rank() > 0) return;
        for (const Tag tag : {Tag{2}, Tag{3}}) receive(comm, 2, tag, payload);
      },
      {}, overheads);
  EXPECT_LT(result.ranks[1].end.count(), 0.01);
  // 2 is busy for 1.25 s with each; the second arrives when the first has been noticed.
  EXPECT_NEAR(result.ranks[0].end.count(), 1.25 + 0.5 + 1.25 + 0.5 + 1.25, 0.01);
}

/// When each of ranks 1, 2 and 3 has sent its message to rank 0, which receives after ten seconds.
/// 0 and 1 share a host, 2 and 3 are on another.
std::vector<double> ends_of_sends(const std::string& loggp, std::array<std::size_t, 3> bytes,
                                  const Options& options = {}) {
  platforms::PlatformSpec spec;
  spec.generator =
      R"({"kind": "star", "hosts": 2, "bandwidth": "1MBps", "latency": 0, "loggp": )" + loggp + "}";
  spec.placement.ranks_per_host = 2;
  const auto platform = platforms::place_own(spec, {});
  std::vector<Overheads> overheads;
  for (const auto& of : platform->message_costs)
    overheads.push_back({.eager_limit = of.eager_limit});
  const PlatformNetwork network{*platform};
  const std::vector<Seat> seats(4, Seat{.host = "h", .cores = 4, .processor = {.speed = {1e9}}});
  std::vector<double> ends(3);
  simulate(
      network, seats,
      [&](Communicator& comm) {
        if (comm.rank() == 0) compute(comm, test::arithmetic(10e9));
        for (Rank from = 1; from < 4; ++from) {
          const auto sent = static_cast<std::size_t>(from - 1);
          const Slice payload = Slice::phantom(bytes[sent], Dtype::uint8);
          if (comm.rank() == 0) receive(comm, from, Tag{1}, payload);
          if (comm.rank() != from) continue;
          send(comm, 0, Tag{1}, payload);
          ends[sent] = comm.now().count();
        }
      },
      options, overheads);
  return ends;
}
TEST(PlatformNetwork, LetsMessagesLeaveAtOnceUpToTheLimitOfTheirClass) {
  const auto ends = ends_of_sends(R"({"across": {"eager_limit": "1kB"}})", {1, 1000, 1001});
  EXPECT_GE(ends[0], 10);  // on one host all wait for their receivers
  EXPECT_LT(ends[1], 0.01);
  EXPECT_GE(ends[2], 10);
}
TEST(PlatformNetwork, TakesTheLimitOfAllMessagesWhereNothingIsSaidOfAClass) {
  const std::string across = R"({"across": {"eager_limit": 0}})";
  const auto ends = ends_of_sends(across, {100, 100, 101}, {.eager_limit = {100}});
  EXPECT_LT(ends[0], 0.01);
  EXPECT_GE(ends[1], 10);
}
TEST(PlatformNetwork, EndsExchangesByTheLimitOfTheirClass) {
  // Rank 1 comes after ten seconds; what it was sent has been there since the first.
  platforms::PlatformSpec spec;
  spec.generator = R"({"kind": "star", "hosts": 2, "bandwidth": "1MBps", "latency": "1s",
      "loggp": {"across": {"eager_limit": "1kB"}}})";
  const auto platform = platforms::place_own(spec, {});
  const PlatformNetwork network{*platform};
  const std::vector<Seat> seats(2, Seat{.host = "h", .cores = 2, .processor = {.speed = {1e9}}});
  const auto end_with = [&](std::size_t bytes) {
    return simulate(network, seats,
                    [&](Communicator& comm) {
                      if (comm.rank() == 1) compute(comm, test::arithmetic(10e9));
                      const Slice payload = Slice::phantom(bytes, Dtype::uint8);
                      const Rank peer = 1 - comm.rank();
                      exchange(comm, Tag{1}, payload, peer, payload, peer);
                    },
                    {}, {{}, {}, {.eager_limit = platform->message_costs[2].eager_limit}})
        .ranks[1]
        .end.count();
  };
  EXPECT_NEAR(end_with(1000), 10, 0.01);
  EXPECT_NEAR(end_with(1001), 11, 0.01);
}

std::string refusal_of_properties(const std::string& properties) {
  return refusal([&] { platforms::read_message_costs(platforms::start_tags(properties)); });
}
TEST(PlatformNetwork, ReadsWhatAnXmlFileSaysOfMessagesOfAClass) {
  const std::string said = R"(<platform><zone id="z">
      <prop id="loggp_across_overhead" value="1us"/><prop id="loggp_same_node_gap" value="2e-7"/>
      <prop id="loggp_same_node_eager_limit" value="64KiB"/>)";
  const auto costs = platforms::read_message_costs(platforms::start_tags(said));
  EXPECT_EQ(costs[2].overhead.count(), 1e-6);
  EXPECT_EQ(costs[1].gap.count(), 2e-7);
  EXPECT_EQ(costs[0].overhead.count(), 0);
  EXPECT_EQ(costs[1].eager_limit, Bytes{65536});
  EXPECT_FALSE(costs[2].eager_limit);
  EXPECT_THAT(refusal_of_properties(said + R"(<prop id="loggp_across_overhead" value="2us"/>)"),
              HasSubstr("line 3: loggp_across_overhead is said twice"));
  EXPECT_THAT(refusal_of_properties(R"(<prop id="loggp_acros_gap" value="1"/>)"),
              HasSubstr("did you mean \"loggp_across_gap\""));
  EXPECT_THAT(refusal_of_properties(R"(<prop id="loggp_across_gap" value="soon"/>)"),
              HasSubstr("line 1: loggp_across_gap: the time \"soon\""));
  EXPECT_THAT(refusal_of_properties(R"(<prop id="loggp_across_eager_limit" value="-1"/>)"),
              HasSubstr("line 1: loggp_across_eager_limit: the size \"-1\""));
}

TEST(PlatformNetwork, RefusesALimitThatIsNoSize) {
  EXPECT_THAT(refusal([] {
                place(R"({"kind": "star", "hosts": 2, "bandwidth": 1e6, "latency": 0,
                          "loggp": {"across": {"eager_limit": "64KB"}}})");
              }),
              HasSubstr("/loggp/across/eager_limit: \"64KB\": expected a size"));
}

TEST(PlatformNetwork, RefusesSettingsThatItHasNoPartFor) {
  EXPECT_THAT(refusal([] { place(star, 0, {"network/model:LV08"}); }), HasSubstr("network/model"));
  EXPECT_THAT(refusal([] { place(star, 0, {"network/latency-factor:fast"}); }),
              HasSubstr("expected a number"));
  EXPECT_THAT(refusal([] { place(star, 9); }), HasSubstr("8"));
}

TEST(PlatformNetwork, NamesTheLinksItDoesNotSee) {
  // Under each leaf 4 hosts, above it 2 cables: all of the first leaf to all of the second.
  const auto platform = place(tree);
  const PlatformNetwork network{*platform};
  std::vector<std::pair<Rank, Rank>> shift, ring;
  for (Rank rank = 0; rank < 16; ++rank) {
    shift.emplace_back(rank, (rank + 4) % 16);
    ring.emplace_back(rank, (rank + 1) % 16);
  }
  const auto unseen = network.unseen(shift);
  ASSERT_FALSE(unseen.empty());
  EXPECT_NEAR(unseen.front().factor, 2, 1e-9);  // four hosts over two cables
  EXPECT_TRUE(network.unseen(ring).empty());    // one flow a cable
}

TEST(PlatformNetwork, LetsALinkServeThoseItBeginsAndThoseItEnds) {
  // On a ring of five hosts the cable from 1 to 2 is the last of the way from 0 and the first of
  // that from 1: two messages of a second, of which the one that comes first is served first.
  const auto platform =
      place(R"({"kind": "torus", "dimensions": [5], "bandwidth": "1MBps", "latency": "0.25s"})");
  const PlatformNetwork network{*platform};
  EXPECT_EQ(network.route(0, 2).in, network.route(1, 2).out);
  std::vector<Seat> seats(5);
  for (std::size_t i = 0; i < seats.size(); ++i) seats[i] = {.host = std::to_string(i)};
  const auto payload = Slice::phantom(250'000);
  const auto result = simulate(network, seats, [&](Communicator& comm) {
    if (comm.rank() < 2) return send(comm, 2, Tag{1}, payload);
    if (comm.rank() > 2) return;
    WaitSet set;
    for (const Rank from : {0, 1}) set.add(comm.irecv(from, Tag{1}, payload));
    wait_all(comm, set);
  });
  EXPECT_EQ(result.ranks[1].end.count(), 1.25);
  EXPECT_EQ(result.ranks[0].end.count(), 2);  // after 1's second on the cable, its own
}

TEST(PlatformNetwork, PlacesMoreHostsThanSimGridCouldHold) {
  const auto platform =
      place(R"({"kind": "star", "hosts": 20000, "bandwidth": "10Gbps", "latency": "2us"})");
  const PlatformNetwork network{*platform};
  std::vector<Seat> seats(20'000, Seat{.host = "h"});
  for (std::size_t i = 0; i < seats.size(); ++i) seats[i].host += std::to_string(i);
  const auto result = simulate(network, seats,
                               [](Communicator& comm) {  // a barrier of log2 rounds
                                 for (int stride = 1; stride < comm.size(); stride *= 2)
                                   exchange(comm, Tag{1}, {}, (comm.rank() + stride) % comm.size(),
                                            {}, (comm.rank() + comm.size() - stride) % comm.size());
                               },
                               {.stack = {64 * 1024}});
  EXPECT_NEAR(result.end.count(), 15 * 2e-6, 1e-15);
}

}  // namespace
}  // namespace troupe::sim::loggp
