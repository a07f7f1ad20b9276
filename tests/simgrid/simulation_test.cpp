// The SimGrid world beyond the contract suite: exact times, charging, accounting, failures,
// deadlocks. Each test is a process of its own (gtest_discover_tests).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/simgrid/star.hpp"

namespace troupe {
namespace {

using test::arithmetic, test::run_on;
constexpr Tag tag{1};
constexpr double tight = 1e-9;  // relative; SimGrid's own precision on its clock

std::vector<float> values(std::size_t count, float value) {
  return std::vector<float>(count, value);
}
Slice slice(std::vector<float>& v) { return Slice{std::span<float>{v}}; }

TEST(Simulation, ChargesAMessageAlphaPlusBytesTimesBeta) {
  const auto result = run_on({.alpha = Seconds{1e-5}, .bandwidth = {1e9}}, [](Communicator& comm) {
    const auto payload = Slice::phantom(250'000);  // 1 MB
    comm.rank() == 0 ? send(comm, 1, tag, payload) : void(receive(comm, 0, tag, payload));
  });
  // 1e-5 s of latency + 1e6 bytes at 1e9 bytes a second
  EXPECT_NEAR(result.end.count(), 1.01e-3, 1.01e-3 * tight);
}

TEST(Simulation, ChargesAnEmptyMessageItsLatency) {
  const auto result = run_on({.alpha = Seconds{1e-5}}, [](Communicator& comm) {
    comm.rank() == 0 ? send(comm, 1, tag, ConstPayload{}) : void(receive(comm, 0, tag, Payload{}));
  });
  EXPECT_NEAR(result.end.count(), 1e-5, 1e-5 * tight);
}

TEST(Simulation, StartsARendezvousWhenTheLaterSideHasPosted) {
  Seconds sent{}, received{};
  run_on({.alpha = Seconds{1e-3}, .bandwidth = {1e9}, .processor = {.speed = {1e9}}},
         [&](Communicator& comm) {
           const auto payload = Slice::phantom(250'000);
           if (comm.rank() == 0) {
             send(comm, 1, tag, payload);
             sent = comm.now();
           } else {
             compute(comm, arithmetic(5e6));
             receive(comm, 0, tag, payload);
             received = comm.now();
           }
         });
  // posted at 5 ms, α 1 ms, 1 MB at 1 GB/s another 1 ms
  EXPECT_NEAR(received.count(), 7e-3, 7e-3 * tight);
  EXPECT_EQ(sent, received);
}

TEST(Simulation, LetsAnEagerMessageTravelBeforeItsReceiverIsReady) {
  Seconds sent{}, received{};
  auto data = values(250'000, 7), got = values(250'000, 0);
  run_on({.alpha = Seconds{1e-3},
          .bandwidth = {1e9},
          .processor = {.speed = {1e9}},
          .options = {.eager_limit = {1 << 20}}},
         [&](Communicator& comm) {
           if (comm.rank() == 0) {
             send(comm, 1, tag, slice(data));
             sent = comm.now();
             std::fill(data.begin(), data.end(), 0.f);  // the payload was copied
           } else {
             compute(comm, arithmetic(5e6));
             receive(comm, 0, tag, slice(got));
             received = comm.now();
           }
         });
  EXPECT_EQ(sent.count(), 0);
  EXPECT_NEAR(received.count(), 5e-3, 5e-3 * tight);  // it had arrived at 2 ms
  EXPECT_EQ(got, values(250'000, 7));
}

TEST(Simulation, DeliversAnEagerMessageToAWaitingReceiverAfterAlphaPlusNBeta) {
  const auto result = run_on(
      {.alpha = Seconds{1e-3}, .bandwidth = {1e9}, .options = {.eager_limit = {1 << 20}}},
      [](Communicator& comm) {
        const auto payload = Slice::phantom(250'000);
        comm.rank() == 0 ? send(comm, 1, tag, payload) : void(receive(comm, 0, tag, payload));
      });
  EXPECT_NEAR(result.ranks[1].end.count(), 2e-3, 2e-3 * tight);
  EXPECT_EQ(result.ranks[0].end.count(), 0);
}

TEST(Simulation, ChargesKernelsTheLongerOfArithmeticAndTrafficPlusTheLaunch) {
  const sim::Processor processor{
      .speed = {1e9}, .double_speed = {}, .memory_bandwidth = {1e9}, .launch = Seconds{1e-3}};
  const auto result = run_on({.ranks = 1, .processor = processor}, [](Communicator& comm) {
    const auto v = Slice::phantom(1'000'000);
    compute(comm,
            Reduce{.op = Op::sum, .into = v, .from = v});  // 1e6 flops, 12e6 bytes: 12 ms + 1 ms
  });
  EXPECT_NEAR(result.end.count(), 13e-3, 13e-3 * tight);
  EXPECT_EQ(result.ranks[0].kernels, 1u);
  EXPECT_NEAR(result.ranks[0].computing.count(), 13e-3, 13e-3 * tight);
}

TEST(Simulation, LetsMessagesOverlapKernels) {
  const auto result = run_on(
      {.alpha = Seconds{0}, .bandwidth = {1e9}, .processor = {.speed = {1e9}}},
      [](Communicator& comm) {
        const auto payload = Slice::phantom(250'000'000);  // 1 s
        Request kernel = comm.start(arithmetic(8e8));
        comm.rank() == 0 ? send(comm, 1, tag, payload) : void(receive(comm, 0, tag, payload));
        wait(comm, std::move(kernel));
      });
  EXPECT_NEAR(result.end.count(), 1.0, tight);
  EXPECT_NEAR(result.ranks[0].computing.count(), 0.8, tight);
  EXPECT_NEAR(result.ranks[0].communicating.count(), 0.2, tight);
}

TEST(Simulation, DividesTheCoresOfAHostAmongItsRanks) {
  const auto result = run_on({.ranks = 2, .ranks_per_host = 2, .processor = {.speed = {1e9}}},
                             [](Communicator& comm) { compute(comm, arithmetic(1e9)); });
  EXPECT_NEAR(result.end.count(), 2.0, 2 * tight);  // one core, two kernels of a second each
}

TEST(Simulation, AccountsForEveryMessageLinkAndSecond) {
  const auto result =
      run_on({.ranks = 3, .alpha = Seconds{2e-6}, .bandwidth = {1e9}}, [](Communicator& comm) {
        const int n = comm.size();
        for (int step = 0; step < 4; ++step)
          exchange(comm, tag, Slice::phantom(1000), (comm.rank() + 1) % n, Slice::phantom(1000),
                   (comm.rank() + n - 1) % n);
      });
  ASSERT_EQ(result.traffic.size(), 3u);
  EXPECT_EQ(result.traffic[0].bytes, Bytes{16'000});
  EXPECT_EQ(result.ranks[2].messages_sent, 4u);
  EXPECT_EQ(result.ranks[2].bytes_received, Bytes{16'000});
  ASSERT_EQ(result.links.size(), 6u);
  for (const auto& link : result.links) {
    EXPECT_EQ(link.bytes, Bytes{16'000});
    EXPECT_EQ(link.most_flows, 1u);
    EXPECT_NEAR(link.busy.count(), result.end.count(), result.end.count() * tight);
  }
  for (const auto& rank : result.ranks)
    EXPECT_NEAR((rank.computing + rank.communicating + rank.waiting).count(), rank.end.count(),
                rank.end.count() * tight);
}

TEST(Simulation, SharesALinkFairlyAmongSenders) {
  const auto result =
      run_on({.ranks = 5, .alpha = Seconds{0}, .bandwidth = {1e9}}, [](Communicator& comm) {
        const auto payload = Slice::phantom(250'000);
        if (comm.rank() > 0) return send(comm, 0, tag, payload);
        WaitSet arrivals;
        for (Rank rank = 1; rank < comm.size(); ++rank)
          arrivals.add(comm.irecv(rank, tag, payload));
        wait_all(comm, arrivals);
      });
  EXPECT_NEAR(result.end.count(), 4e-3, 4e-3 * tight);  // 4 × 1 MB into one port of 1 GB/s
}

TEST(Simulation, GivesEachRankOfANodeItsPartOfTheCardTheyShare) {
  // Four of a node send to the four of another at once: B/4 each.
  const auto result =
      run_on({.ranks = 8, .ranks_per_host = 4, .alpha = Seconds{0}, .bandwidth = {1e9}},
             [](Communicator& comm) {
               const auto payload = Slice::phantom(250'000);
               if (comm.rank() < 4) send(comm, comm.rank() + 4, tag, payload);
               else receive(comm, comm.rank() - 4, tag, payload);
               EXPECT_NEAR(comm.now().count(), 4e-3, 4e-3 * tight);
             });
  EXPECT_NEAR(result.end.count(), 4e-3, 4e-3 * tight);
}

/// A rank of a torus sends itself a number and an empty message. Hosts of a torus have no loopback
/// link, and SimGrid aborts on a route without links.
void expect_a_rank_of_a_torus_hears_itself(Bytes eager_limit) {
  const auto file =
      std::filesystem::path{testing::TempDir()} / ("torus_" + std::to_string(::getpid()) + ".xml");
  std::ofstream{file} << R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><zone id="around" routing="Full">
  <cluster id="torus" prefix="h" suffix="" radical="0-3" speed="1Gf" bw="10Gbps" lat="1us"
           topology="TORUS" topo_parameters="2,2"/>
</zone></platform>)";
  static char name[] = "test";
  static char* arguments[] = {name, nullptr};
  int count = 1;
  ::simgrid::s4u::Engine engine{&count, arguments};
  const sim::Options options{.eager_limit = eager_limit};
  sim::configure_simgrid();
  engine.load_platform(file);
  std::filesystem::remove(file);
  double heard = 0, told = 7;
  const auto result = sim::simulate(
      engine, {.hosts = {engine.host_by_name("h2")}, .processors = {{}}},
      [&](Communicator& comm) {
        Request early = comm.irecv(0, tag, value(heard));
        send(comm, 0, tag, value(told));
        wait(comm, std::move(early));
        Request sending = comm.isend(0, tag, ConstPayload{});
        receive(comm, 0, tag, Payload{});
        wait(comm, std::move(sending));
      },
      options);
  EXPECT_EQ(heard, told);
  EXPECT_EQ(result.ranks[0].messages_received, 2u);
  EXPECT_EQ(result.end.count(), 0);
}
TEST(Simulation, LetsARankWithoutALoopbackLinkTalkToItself) {
  expect_a_rank_of_a_torus_hears_itself(Bytes{0});
}
TEST(Simulation, LetsARankWithoutALoopbackLinkTalkToItselfEagerly) {
  expect_a_rank_of_a_torus_hears_itself(Bytes{64});
}

TEST(Simulation, NamesEveryBlockedRankOfADeadlock) {
  try {
    run_on({.ranks = 3}, [](Communicator& comm) {
      if (comm.rank() == 2) return send(comm, 0, Tag{9}, Slice::phantom(25));
      receive(comm, 1 - comm.rank(), tag.at(4), Slice::phantom(1));
    });
    FAIL() << "it must not end";
  } catch (const Deadlock& deadlock) {
    const std::string text = deadlock.what();
    EXPECT_THAT(text, testing::HasSubstr("rank 0 waits to receive from rank 1 (tag 1, step 4)"));
    EXPECT_THAT(text, testing::HasSubstr("rank 1 waits to receive from rank 0 (tag 1, step 4)"));
    EXPECT_THAT(text, testing::HasSubstr("rank 2 waits to send 100 bytes to rank 0 (tag 9)"));
  }
}

TEST(Simulation, EndsWithTheErrorOfTheRankThatFailed) {
  EXPECT_THROW(run_on({.ranks = 3},
                      [](Communicator& comm) {
                        if (comm.rank() == 1) throw BadInput{"rank 1 is unhappy"};
                        receive(comm, 1, tag, Slice::phantom(1));
                      }),
               BadInput);
}

TEST(Simulation, TellsAWaitingPeerThatARankIsGone) {
  bool lost = false, later = false;
  run_on({.ranks = 3, .processor = {.speed = {1e9}}}, [&](Communicator& comm) {
    const auto work = [](double seconds) { return arithmetic(seconds * 1e9); };
    if (comm.rank() == 0) {
      WaitSet set;
      set.add(comm.irecv(1, tag, Slice::phantom(1)));
      set.add(comm.irecv(2, tag, Slice::phantom(1)));
      try {
        comm.wait_any(set);
      } catch (const PeerLost&) {
        lost = true;
      }
      EXPECT_EQ(set.size(), 1u);  // the other request is untouched
      comm.wait_any(set);
      try {
        send(comm, 1, tag, Slice::phantom(1));
      } catch (const PeerLost&) {
        later = true;
      }
    } else if (comm.rank() == 1) {
      compute(comm, work(1));
      ::simgrid::s4u::Host::by_name("h1")->turn_off();
    } else {
      compute(comm, work(2));
      send(comm, 0, tag, Slice::phantom(1));
    }
  });
  EXPECT_TRUE(lost);
  EXPECT_TRUE(later);
}

TEST(Simulation, CountsMessagesThatNobodyReceived) {
  const auto result = run_on({.options = {.eager_limit = {1000}}}, [](Communicator& comm) {
    if (comm.rank() == 0) send(comm, 1, tag, Slice::phantom(10));
  });
  EXPECT_EQ(result.unmatched.size(), 1u);
}

TEST(Simulation, ReturnsNothingAtADeadlineAndKeepsTheRequest) {
  run_on({.alpha = Seconds{1e-3}, .processor = {.speed = {1e9}}}, [](Communicator& comm) {
    if (comm.rank() == 0) {
      compute(comm, arithmetic(1e9));
      return send(comm, 1, tag, Slice::phantom(1));
    }
    Request request = comm.irecv(0, tag, Slice::phantom(1));
    EXPECT_FALSE(wait_until(comm, request, Seconds{0.25}));
    EXPECT_NEAR(comm.now().count(), 0.25, tight);
    EXPECT_FALSE(wait_until(comm, request, Seconds{0.1}));  // already past
    EXPECT_TRUE(wait_until(comm, request, Seconds{5}));
    EXPECT_NEAR(comm.now().count(), 1.001, 1e-6);
  });
}

TEST(Simulation, GivesASpawnedFlowItsOwnTagsAndKernels) {
  const auto result =
      run_on({.alpha = Seconds{0}, .processor = {.speed = {1e9}}}, [](Communicator& comm) {
        const auto both = [](Communicator& flow) {
          float mine = static_cast<float>(flow.rank()), other = -1;
          exchange(flow, tag, value(mine), 1 - flow.rank(), value(other), 1 - flow.rank());
          if (other != static_cast<float>(1 - flow.rank()))
            throw ContractViolation{"a message went astray"};
          compute(flow, arithmetic(1e9));
        };
        Request flow = comm.spawn(both);
        both(comm);
        wait(comm, std::move(flow));
      });
  EXPECT_NEAR(result.end.count(), 1.0, 1e-6);  // two lanes, side by side
}

}  // namespace
}  // namespace troupe
