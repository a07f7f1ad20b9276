// The LogGP world beyond the contract suite: exact times, ports, charging, accounting, failures,
// deadlocks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "sim/fiber.hpp"
#include "tests/loggp/in_seconds.hpp"
#include "tests/loggp/star.hpp"
#include "tests/use_stack.hpp"

namespace troupe {
namespace {

using test::arithmetic, test::second, test::slow, test::tight;
using test::run_on;
constexpr Tag tag{1};

TEST(LogGP, ChargesAMessageAlphaPlusBytesTimesBeta) {
  const auto result = run_on({.alpha = Seconds{1e-5}, .bandwidth = {1e9}}, [](Communicator& comm) {
    comm.rank() == 0 ? send(comm, 1, tag, second) : void(receive(comm, 0, tag, second));
  });
  EXPECT_NEAR(result.end.count(), 1.01e-3, 1.01e-3 * tight);  // 10 us + 1 MB at 1 GB/s
}

TEST(LogGP, ChargesAnEmptyMessageItsLatency) {
  const auto result = run_on({.alpha = Seconds{1e-5}}, [](Communicator& comm) {
    comm.rank() == 0 ? send(comm, 1, tag, ConstPayload{}) : void(receive(comm, 0, tag, Payload{}));
  });
  EXPECT_EQ(result.end.count(), 1e-5);
}

TEST(LogGP, StartsARendezvousWhenTheLaterSideHasPosted) {
  Seconds sent{}, received{};
  run_on({.alpha = Seconds{1e-3}, .bandwidth = {1e9}, .processor = {.speed = {1e9}}},
         [&](Communicator& comm) {
           if (comm.rank() == 0) {
             send(comm, 1, tag, second);
             sent = comm.now();
           } else {
             compute(comm, arithmetic(5e6));
             receive(comm, 0, tag, second);
             received = comm.now();
           }
         });
  EXPECT_NEAR(received.count(), 7e-3, 7e-3 * tight);  // posted at 5 ms, α 1 ms, 1 MB another 1 ms
  EXPECT_EQ(sent, received);
}

TEST(LogGP, LetsAnEagerMessageTravelBeforeItsReceiverIsReady) {
  Seconds sent{}, received{};
  std::vector<float> data(250'000, 7), got(250'000, 0);
  run_on({.alpha = Seconds{1e-3},
          .bandwidth = {1e9},
          .processor = {.speed = {1e9}},
          .options = {.eager_limit = {1 << 20}}},
         [&](Communicator& comm) {
           if (comm.rank() == 0) {
             send(comm, 1, tag, std::span{data});
             sent = comm.now();
             std::fill(data.begin(), data.end(), 0.f);  // the payload was copied
           } else {
             compute(comm, arithmetic(5e6));
             receive(comm, 0, tag, std::span{got});
             received = comm.now();
           }
         });
  EXPECT_EQ(sent.count(), 0);
  EXPECT_NEAR(received.count(), 5e-3, 5e-3 * tight);  // it had arrived at 2 ms
  EXPECT_EQ(got, std::vector<float>(250'000, 7));
}

TEST(LogGP, EndsAnExchangeWhoseMessageIsTooLongOnceItsOwnHasArrived) {
  Seconds failed{};
  Seconds sent{};
  run_on({.alpha = Seconds{1e-3}, .bandwidth = {1e6}}, [&](Communicator& comm) {
    if (comm.rank() == 0) {
      EXPECT_THROW(exchange(comm, tag, second, 1, second.first(1), 1), Truncated);
      failed = comm.now();
    } else {
      EXPECT_EQ(exchange(comm, tag, second.first(2), 0, second, 0).bytes, second.size_bytes());
      sent = comm.now();
    }
    // what is left behind disturbs nobody
    const Completion got =
        exchange(comm, tag, second.first(3), 1 - comm.rank(), second, 1 - comm.rank());
    EXPECT_EQ(got.bytes, 12u);
    EXPECT_EQ(got.from, 1 - comm.rank());
  });
  EXPECT_NEAR(failed.count(), 1.001, 1.001 * tight);  // its 1 MB at 1 MB/s
  EXPECT_EQ(sent, failed);
}

// ---- ports

TEST(LogGP, ServesAPortInTheOrderOfArrival) {
  // A posts 10 messages of a second to B at 0, C posts one at 0.5: it is served after A's first.
  std::vector<double> ends_of_a;
  double end_of_c = 0;
  run_on({.ranks = 3, .alpha = Seconds{0}, .bandwidth = slow, .processor = {.speed = {1}}},
         [&](Communicator& comm) {
           if (comm.rank() == 1) {  // B
             WaitSet set;
             for (int i = 0; i < 10; ++i) set.add(comm.irecv(0, tag, second));
             set.add(comm.irecv(2, tag, second));
             while (!set.empty()) {
               const Completion done = *comm.wait_any(set);
               if (done.from == 2) end_of_c = comm.now().count();
               else ends_of_a.push_back(comm.now().count());
             }
           } else if (comm.rank() == 0) {
             WaitSet set;
             for (int i = 0; i < 10; ++i) set.add(comm.isend(1, tag, second));
             wait_all(comm, set);
           } else {
             compute(comm, arithmetic(0.5));
             send(comm, 1, tag, second);
           }
         });
  EXPECT_EQ(end_of_c, 2.0);
  EXPECT_EQ(ends_of_a, (std::vector<double>{1, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(LogGP, TakesKTransfersForKMessagesIntoOneHost) {
  for (const int senders : {1, 2, 7, 64}) {
    const auto result = run_on({.ranks = senders + 1, .alpha = Seconds{0.25}, .bandwidth = slow},
                               [](Communicator& comm) {
                                 if (comm.rank() > 0) return send(comm, 0, tag, second);
                                 WaitSet set;
                                 for (Rank from = 1; from < comm.size(); ++from)
                                   set.add(comm.irecv(from, tag, second));
                                 wait_all(comm, set);
                               });
    EXPECT_EQ(result.end.count(), 0.25 + senders);
  }
}

TEST(LogGP, TakesKTransfersForKMessagesOutOfOneHost) {
  const auto result =
      run_on({.ranks = 6, .alpha = Seconds{0.25}, .bandwidth = slow}, [](Communicator& comm) {
        if (comm.rank() > 0) return void(receive(comm, 0, tag, second));
        WaitSet set;
        for (Rank to = 1; to < comm.size(); ++to) set.add(comm.isend(to, tag, second));
        wait_all(comm, set);
      });
  EXPECT_EQ(result.end.count(), 5.25);
  for (Rank rank = 1; rank < 6; ++rank)  // in the order of sending
    EXPECT_EQ(result.ranks[static_cast<std::size_t>(rank)].end.count(), 0.25 + rank);
}

TEST(LogGP, SharesThePortOfAHostAmongItsRanks) {
  // Two ranks of one host send to one rank each of two others.
  const auto result =
      run_on({.ranks = 6, .ranks_per_host = 2, .alpha = Seconds{0}, .bandwidth = slow},
             [](Communicator& comm) {
               if (comm.rank() < 2) return send(comm, 2 + 2 * comm.rank(), tag, second);
               if (comm.rank() % 2 == 0) receive(comm, comm.rank() / 2 - 1, tag, second);
             });
  EXPECT_EQ(result.end.count(), 2.0);
}

TEST(LogGP, SendsAndReceivesAtTheSameTime) {
  const auto result = run_on({.alpha = Seconds{0}, .bandwidth = slow}, [](Communicator& comm) {
    exchange(comm, tag, second, 1 - comm.rank(), second, 1 - comm.rank());
  });
  EXPECT_EQ(result.end.count(), 1.0);
}

TEST(LogGP, IsBusyForTheOverheadsOfAMessageAtBothEnds) {
  // o = 0.1 and 0.2 s for its million bytes at each end, 0.5 s of latency, 1 s on the way.
  Seconds posted{};
  const auto result = run_on({.alpha = Seconds{0.5},
                              .bandwidth = slow,
                              .overheads = {.each = Seconds{0.1}, .per_byte = Seconds{2e-7}}},
                             [&](Communicator& comm) {
                               if (comm.rank() == 1) return void(receive(comm, 0, tag, second));
                               Request sending = comm.isend(1, tag, second);
                               posted = comm.now();
                               wait(comm, std::move(sending));
                             });
  EXPECT_NEAR(posted.count(), 0.3, tight);
  EXPECT_NEAR(result.ranks[0].end.count(), 0.3 + 0.5 + 1, 2 * tight);
  EXPECT_NEAR(result.ranks[1].end.count(), 0.3 + 0.5 + 1 + 0.3, 2 * tight);
}

TEST(LogGP, LetsAPortRestForTheGapBetweenTwoMessages) {
  const auto result = run_on(
      {.alpha = Seconds{0}, .bandwidth = slow, .overheads = {.gap = Seconds{0.25}}},
      [](Communicator& comm) {
        WaitSet set;
        for (int i = 0; i < 3; ++i)
          set.add(comm.rank() == 0 ? comm.isend(1, tag, second) : comm.irecv(0, tag, second));
        wait_all(comm, set);
      });
  EXPECT_EQ(result.end.count(), 3.5);
}

// ---- local work

TEST(LogGP, ChargesKernelsTheLongerOfArithmeticAndTrafficPlusTheLaunch) {
  const sim::Processor processor{
      .speed = {1e9}, .double_speed = {}, .memory_bandwidth = {1e9}, .launch = Seconds{1e-3}};
  const auto result = run_on({.ranks = 1, .processor = processor}, [](Communicator& comm) {
    const auto v = Slice::phantom(1'000'000);
    compute(comm, Reduce{.op = Op::sum, .into = v, .from = v});  // 1e6 flops, 12e6 bytes: 12 ms
  });
  EXPECT_NEAR(result.end.count(), 13e-3, 13e-3 * tight);
  EXPECT_EQ(result.ranks[0].kernels, 1u);
  EXPECT_EQ(result.ranks[0].flops.value, 1e6);
  EXPECT_NEAR(result.ranks[0].computing.count(), 13e-3, 13e-3 * tight);
}

TEST(LogGP, LetsMessagesOverlapKernels) {
  const auto result =
      run_on({.alpha = Seconds{0}, .bandwidth = slow, .processor = {.speed = {1e9}}},
             [](Communicator& comm) {
               Request kernel = comm.start(arithmetic(8e8));
               comm.rank() == 0 ? send(comm, 1, tag, second) : void(receive(comm, 0, tag, second));
               wait(comm, std::move(kernel));
             });
  EXPECT_EQ(result.end.count(), 1.0);
  EXPECT_NEAR(result.ranks[0].computing.count(), 0.8, tight);
  EXPECT_NEAR(result.ranks[0].communicating.count(), 0.2, tight);
}

TEST(LogGP, DividesTheCoresOfAHostAmongItsRanks) {
  // Kernels of 1, 1 and 3 s on one core: until 3 s a third each, then the last alone for 2 s.
  const auto result =
      run_on({.ranks = 3, .ranks_per_host = 3, .processor = {.speed = {1e9}}},
             [](Communicator& comm) { compute(comm, arithmetic(comm.rank() == 2 ? 3e9 : 1e9)); });
  EXPECT_NEAR(result.ranks[0].end.count(), 3.0, 3 * tight);
  EXPECT_NEAR(result.ranks[1].end.count(), 3.0, 3 * tight);
  EXPECT_NEAR(result.ranks[2].end.count(), 5.0, 5 * tight);
  EXPECT_NEAR(result.ranks[2].computing.count(), 5.0, 5 * tight);
}

TEST(LogGP, ComputesWithValuesOnASmallStack) {
  constexpr std::size_t n = 128;
  std::vector<double> product;
  run_on({.ranks = 2, .options = {.stack = {32 * 1024}}}, [&](Communicator& comm) {
    std::vector<double> a(n * n, 1), b(n * n, 2), c(n * n, 0);
    compute(comm,
            Gemm{.m = n, .n = n, .k = n, .a = std::span{a}, .b = std::span{b}, .c = std::span{c}});
    if (comm.rank() == 1) product = c;
  });
  EXPECT_EQ(product, std::vector<double>(n * n, 2.0 * n));
}

// ---- accounting

TEST(LogGP, AccountsForEveryMessagePortAndSecond) {
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
    EXPECT_NEAR(link.busy.count(), 16e-6, 16e-6 * tight);
  }
  for (const auto& rank : result.ranks)
    EXPECT_NEAR((rank.computing + rank.communicating + rank.waiting).count(), rank.end.count(),
                rank.end.count() * tight);
}

TEST(LogGP, CountsMessagesThatNobodyReceived) {
  const auto result = run_on({.options = {.eager_limit = {1000}}}, [](Communicator& comm) {
    if (comm.rank() == 0) send(comm, 1, tag, Slice::phantom(10));
  });
  EXPECT_EQ(result.unmatched.size(), 1u);
}

// ---- what goes wrong

TEST(LogGP, NamesEveryBlockedRankOfADeadlock) {
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

TEST(LogGP, EndsWithTheErrorOfTheRankThatFailed) {
  int unwound = 0;
  EXPECT_THROW(run_on({.ranks = 3},
                      [&](Communicator& comm) {
                        struct Counter {
                          int& count;
                          ~Counter() { ++count; }
                        } const counter{unwound};
                        if (comm.rank() == 1) throw BadInput{"rank 1 is unhappy"};
                        Request flow = comm.spawn(
                            [](Communicator& inner) { receive(inner, 1, tag, Slice::phantom(1)); });
                        receive(comm, 1, tag, Slice::phantom(1));
                      }),
               BadInput);
  EXPECT_EQ(unwound, 2);  // ranks 0 and 1; rank 2 had not begun
}

TEST(LogGP, RunsAgainAfterAFailure) {
  EXPECT_THROW(run_on({}, [](Communicator& comm) { receive(comm, 0, tag, Payload{}); }), Deadlock);
  EXPECT_EQ(run_on({}, [](Communicator&) {}).end.count(), 0);
}

TEST(LogGP, KeepsTheExceptionsOfFlowsApart) {
  // Each rank waits within a handler, while others throw and catch; nobody takes another's.
  run_on({.ranks = 5}, [](Communicator& comm) {
    const int n = comm.size(), me = comm.rank();
    for (int round = 0; round < 10; ++round) {
      try {
        throw std::runtime_error{std::to_string(me)};
      } catch (const std::runtime_error& error) {
        int mine = me, other = -1;
        exchange(comm, tag, value(mine), (me + round) % n, value(other), (me + n - round % n) % n);
        EXPECT_EQ(error.what(), std::to_string(me));
        try {
          throw;
        } catch (const std::runtime_error& again) {
          EXPECT_EQ(again.what(), std::to_string(me));
        }
      }
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
  });
}

void overflow_on(int ranks, int kibibytes) {
  run_on({.ranks = ranks, .options = {.stack = {64 * 1024}}}, [kibibytes](Communicator& comm) {
    if (comm.rank() == 3) test::use_stack(kibibytes * 1024);
    comm.rank() % 2 == 0 ? send(comm, comm.rank() + 1, tag, ConstPayload{})
                         : void(receive(comm, comm.rank() - 1, tag, Payload{}));
  });
}
// AddressSanitizer is there first.
constexpr const char* overflow_message =
    "rank 3 has overflowed its stack of .* KiB: large arrays belong on the heap|AddressSanitizer: "
    "stack-(buffer-)?(underflow|overflow)";
TEST(LogGPDeathTest, NamesTheRankWhoseStackOverflowsIntoAGuardPage) {
  EXPECT_EXIT(overflow_on(4, 72), testing::ExitedWithCode(1), overflow_message);
}
TEST(LogGPDeathTest, NamesTheRankWhoseStackOverflowsACanary) {
  EXPECT_EXIT(overflow_on(20'000, 72), testing::ExitedWithCode(1), overflow_message);
}

#ifdef TROUPE_OWN_SWITCH  // elsewhere nobody looks where a stack has got to
template <std::size_t kibibytes>
void overflow_in_one_frame_on(int ranks) {
  run_on({.ranks = ranks, .options = {.stack = {64 * 1024}}}, [](Communicator& comm) {
    const auto exchange_round = [&comm] {
      const Rank me = comm.rank(), n = comm.size();
      exchange(comm, tag, ConstPayload{}, (me + 1) % n, Payload{}, (me + n - 1) % n);
    };
    comm.rank() == 3 ? void(test::use_frame<kibibytes>(exchange_round)) : exchange_round();
  });
}
TEST(LogGPDeathTest, NamesTheRankWhoseFrameReachesBeyondTheStacksBelow) {
  EXPECT_EXIT(overflow_in_one_frame_on<100>(4), testing::ExitedWithCode(1), overflow_message);
  EXPECT_EXIT(overflow_in_one_frame_on<180>(4), testing::ExitedWithCode(1), overflow_message);
  EXPECT_EXIT(overflow_in_one_frame_on<200>(4), testing::ExitedWithCode(1), overflow_message);
  EXPECT_EXIT(overflow_in_one_frame_on<300>(4), testing::ExitedWithCode(1), overflow_message);
}
TEST(LogGPDeathTest, NamesTheRankWhoseFrameReachesBeyondACanary) {
  EXPECT_EXIT(overflow_in_one_frame_on<100>(20'000), testing::ExitedWithCode(1), overflow_message);
}
TEST(LogGPDeathTest, NamesTheRankWhoseFrameReachesBelowAllStacks) {
  // Near the stacks there may be memory of the simulation, and a switch may never come.
  EXPECT_EXIT(overflow_in_one_frame_on<40'000>(4), testing::ExitedWithCode(1), overflow_message);
}
#else
TEST(LogGPDeathTest, NamesTheRankWhoseFrameReachesBeyondItsStack) {
  GTEST_SKIP() << "needs an x86-64 without AddressSanitizer";
}
#endif

}  // namespace
}  // namespace troupe
