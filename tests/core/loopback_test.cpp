#include "core/loopback.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/random.hpp"

namespace troupe {
namespace {

constexpr Tag data{3};
using Program = std::function<void(Communicator&)>;

/// The message of what a run throws.
template <class E>
std::string thrown(int ranks, const Program& program, const LoopbackOptions& options = {}) {
  try {
    run_loopback(ranks, program, options);
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Loopback, NamesEachBlockedRankAndWhatItWaitsFor) {
  const std::string message = thrown<Deadlock>(3, [](Communicator& comm) {
    int x = 0;
    if (comm.rank() == 0) receive(comm, 1, data.at(2), value(x));
    if (comm.rank() == 1) send(comm, 0, data.at(1), value(x));
  });
  EXPECT_EQ(message,
            "deadlock: nothing is under way, and\n"
            "  rank 0 waits to receive from rank 1 (tag 3, step 2)\n"
            "  rank 1 waits to send 4 bytes to rank 0 (tag 3, step 1)\n"
            "already returned:\n"
            "  rank 2\n"
            "messages that no receive has taken:\n"
            "  rank 1 sent 4 bytes to rank 0 (tag 3, step 1)");
}

TEST(Loopback, NamesBlockedFlowsAndOpenReceives) {
  const std::string message = thrown<Deadlock>(1, [](Communicator& comm) {
    wait(comm, comm.spawn([](Communicator& flow) {
      int x = 0;
      WaitSet set;
      set.add(flow.irecv(any_rank, Tag::open(4), value(x)));
      set.add(flow.irecv(0, data, value(x)));
      flow.wait_any(set);
    }));
  });
  EXPECT_EQ(message,
            "deadlock: nothing is under way, and\n"
            "  rank 0 waits for its spawned flow 0\n"
            "  rank 0, flow 0, waits to receive from any rank (open tag 4 in flow 0) or to receive "
            "from rank 0 (tag 3 in flow 0)");
}

TEST(Loopback, FindsADeadlockInADestructor) {
  EXPECT_TRUE(contains(thrown<Deadlock>(2,
                                        [](Communicator& comm) {
                                          int x = 0;
                                          if (comm.rank() == 1) return;
                                          { const Request dropped = comm.isend(1, data, value(x)); }
                                          receive(comm, 1, data, value(x));
                                        }),
                       "rank 0 waits to send 4 bytes to rank 1 (tag 3)"));
}

TEST(Loopback, DoesNotTakeADeadlineForADeadlock) {
  const RunReport report = run_loopback(2, [](Communicator& comm) {
    int x = 0;
    if (comm.rank() == 1) {
      Request never = comm.irecv(0, Tag{9}, value(x));
      EXPECT_FALSE(wait_until(comm, never, comm.now() + Seconds{0.05}));
      send(comm, 0, data, value(x));
    } else {
      receive(comm, 1, data, value(x));
    }
  });
  EXPECT_TRUE(report.unmatched.empty());
}

TEST(Loopback, ThrowsTheErrorOfTheLowestRank) {
  const std::string message = thrown<std::runtime_error>(4, [](Communicator& comm) {
    if (comm.rank() >= 2) throw std::runtime_error{"rank " + std::to_string(comm.rank())};
  });
  EXPECT_EQ(message, "rank 2");
}

TEST(Loopback, PrefersTheCauseToWhatFollowsFromIt) {
  const std::string message = thrown<std::runtime_error>(4, [](Communicator& comm) {
    int x = 0;
    if (comm.rank() == 3) throw std::runtime_error{"the cause"};
    receive(comm, comm.rank() + 1, data, value(x));
  });
  EXPECT_EQ(message, "the cause");
}

TEST(Loopback, TellsThePeersOfAFailedRank) {
  const std::string message = thrown<std::runtime_error>(3, [](Communicator& comm) {
    int x = 0;
    const Rank failing = 2;
    if (comm.rank() == failing) throw std::runtime_error{"the cause"};
    const auto use = [&](auto&& action) { EXPECT_THROW(action(), PeerLost); };
    if (comm.rank() == 0) {
      use([&] { receive(comm, failing, data, value(x)); });
      use([&] { receive(comm, failing, data, value(x)); });
    } else {
      use([&] { send(comm, failing, data, value(x)); });
      use([&] { send(comm, failing, data, value(x)); });
    }
    exchange(comm, data, ConstPayload{}, 1 - comm.rank(), Payload{}, 1 - comm.rank());
  });
  EXPECT_EQ(message, "the cause");
}

TEST(Loopback, DeliversWhatAFailedRankHadSentEagerly) {
  thrown<std::runtime_error>(2,
                             [](Communicator& comm) {
                               int x = 7;
                               if (comm.rank() == 1) {
                                 send(comm, 0, data, value(x));
                                 throw std::runtime_error{"after sending"};
                               }
                               Request never = comm.irecv(1, Tag{9}, value(x));
                               EXPECT_THROW(wait(comm, std::move(never)), PeerLost);
                               x = 0;
                               receive(comm, 1, data, value(x));
                               EXPECT_EQ(x, 7);
                             },
                             {.eager_limit = Bytes{64}});
}

TEST(Loopback, LetsARankThrowOverASendNobodyReceives) {
  const std::string message = thrown<std::runtime_error>(2, [](Communicator& comm) {
    int x = 0;
    if (comm.rank() == 0) {
      const Request sent = comm.isend(1, data, value(x));
      throw std::runtime_error{"the cause"};
    }
    receive(comm, 0, Tag{9}, value(x));
  });
  EXPECT_EQ(message, "the cause");
}

TEST(Loopback, LetsARankThrowOverAFlowThatWaitsForEver) {
  const std::string message = thrown<std::runtime_error>(2, [](Communicator& comm) {
    int x = 0;
    if (comm.rank() == 0) {
      const Request flow = comm.spawn([](Communicator& inner) {
        int y = 0;
        receive(inner, 1, Tag{9}, value(y));
      });
      throw std::runtime_error{"the cause"};
    }
    receive(comm, 0, Tag{9}, value(x));
  });
  EXPECT_EQ(message, "the cause");
}

TEST(Loopback, ReportsMessagesNobodyReceived) {
  const RunReport report = run_loopback(2,
                                        [](Communicator& comm) {
                                          int x = 0;
                                          if (comm.rank() == 1) send(comm, 0, data.at(5), value(x));
                                        },
                                        {.eager_limit = Bytes{64}});
  ASSERT_EQ(report.unmatched.size(), 1u);
  EXPECT_EQ(to_text(report.unmatched[0]), "rank 1 sent 4 bytes to rank 0 (tag 3, step 5)");
}

TEST(Loopback, RefusesWhatTheContractForbids) {
  run_loopback(1, [](Communicator& comm) {
    int x = 0;
    WaitSet empty;
    EXPECT_THROW(comm.wait_any(empty), ContractViolation);
    EXPECT_THROW(send(comm, 1, data, value(x)), ContractViolation);
    EXPECT_THROW(send(comm, -1, data, value(x)), ContractViolation);
    EXPECT_THROW(receive(comm, any_rank, data, value(x)), ContractViolation);
    EXPECT_THROW(receive(comm, 0, Tag::open(3), value(x)), ContractViolation);
    EXPECT_THROW((void)comm.start(Opaque{}), ContractViolation);
  });
}

TEST(Loopback, AccountsForWhatARankDoes) {
  constexpr Seconds nap{0.05};
  Seconds end{};
  const RunReport report = run_loopback(2, [&](Communicator& comm) {
    std::vector<char> values(1000);
    if (comm.rank() == 0) {
      receive(comm, 1, Tag{1}, Payload{});
      compute(comm,
              Opaque{{}, {}, {.flops = Flops{1e3}}, [&] { std::this_thread::sleep_for(nap); }});
      send(comm, 1, data, std::span{values});
      return;
    }
    send(comm, 0, Tag{1}, ConstPayload{});
    receive(comm, 0, data, std::span{values});
    // While a flow computes the rank does not wait, though its main flow does.
    wait(comm, comm.spawn([&](Communicator& flow) {
      compute(flow, Opaque{{}, {}, {}, [&] { std::this_thread::sleep_for(nap); }});
    }));
    end = comm.now();
  });
  ASSERT_EQ(report.activity.size(), 2u);
  const Activity &first = report.activity[0], &second = report.activity[1];
  EXPECT_EQ(first.messages, 1u);
  EXPECT_EQ(first.bytes, 1000u);
  EXPECT_EQ(first.received_messages, 1u);
  EXPECT_EQ(first.received_bytes, 0u);
  EXPECT_EQ(first.kernels, 1u);
  EXPECT_EQ(first.flops, Flops{1e3});
  EXPECT_EQ(second.received_bytes, 1000u);
  for (const Activity& rank : report.activity) {
    EXPECT_GE(rank.computing, nap);
    EXPECT_GT(rank.communicating, Seconds{});
  }
  EXPECT_GE(second.waiting, nap / 2);
  EXPECT_LE(second.computing + second.communicating + second.waiting, end);
}

TEST(Loopback, RefusesMoreFlowsThanThereAreContexts) {
  run_loopback(1, [](Communicator& comm) {
    WaitSet flows;
    for (int i = 0; i < 256; ++i)
      flows.add(comm.spawn([](Communicator& flow) { receive(flow, 0, data, Payload{}); }));
    EXPECT_THROW((void)comm.spawn([](Communicator&) {}), ContractViolation);
    for (std::uint32_t i = 0; i < 256; ++i)
      send(comm, 0, data.in(comm.context().spawned(i)), ConstPayload{});
    wait_all(comm, flows);
  });
}

TEST(Loopback, SaysHowLongATruncatedMessageWas) {
  const std::string message = thrown<Truncated>(2, [](Communicator& comm) {
    std::vector<char> room(3);
    if (comm.rank() == 0) send(comm, 1, data, ConstPayload{Slice::phantom(2)});
    else receive(comm, 0, data, std::span{room});
  });
  EXPECT_EQ(message, "rank 0 sent 8 bytes to rank 1 (tag 3), but the receive has room for 3");
}

/// A rank's flows are threads here, each with a lane of its own. Work cut among them by its results
/// has the bits that one thread gives, where cuts fall on blocks of the product's kernel (what is
/// left over after them is added in another order).
TEST(Loopback, ComputesTheSameOnOneToFiveThreadsOfARank) {
  constexpr std::size_t m = 72, n = 336, k = 110, block = 8;
  SplitMix64 draws{1};
  std::vector<double> a(m * k), b(k * n);
  for (auto* matrix : {&a, &b})
    for (double& entry : *matrix) entry = draws.uniform(-1, 1);
  const auto product = [&](std::size_t threads) {
    std::vector<double> c(m * n);
    run_loopback(1, [&](Communicator& comm) {
      WaitSet flows;
      for (std::size_t t = 0; t < threads; ++t)
        flows.add(comm.spawn([&, t](Communicator& flow) {
          const std::size_t first = t * (n / block) / threads * block;
          const std::size_t columns = (t + 1) * (n / block) / threads * block - first;
          compute(flow, Gemm{.m = m,
                             .n = columns,
                             .k = k,
                             .a = Slice{std::span{a}},
                             .b = Slice{std::span{b}}.subslice(first * k, columns * k),
                             .c = Slice{std::span{c}}.subslice(first * m, columns * m)});
        }));
      wait_all(comm, flows);
    });
    return c;
  };
  const auto alone = product(1);
  EXPECT_NE(alone.back(), 0);
  for (const std::size_t threads : {2, 3, 4, 5}) EXPECT_EQ(product(threads), alone) << threads;
}

}  // namespace
}  // namespace troupe
