// Links that fail, stacks that overflow, and more pairs of ranks than transfers are kept for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "sim/fiber.hpp"
#include "tests/simgrid/star.hpp"
#include "tests/use_stack.hpp"

namespace troupe {
namespace {

using test::run_on;
constexpr Tag tag{1};

/// A kernel of a second on a rank that computes 1e9 flops a second.
Opaque a_second() { return test::arithmetic(1e9); }
/// What a PeerLost that `call` throws says; "" if it throws none.
template <class Call>
std::string loss_in(Call call) {
  try {
    call();
  } catch (const PeerLost& lost) {
    return lost.what();
  }
  return "";
}

/// Ranks 0 and 1 exchange a message of two seconds while rank 2 turns off the link into rank 1
/// after one, and then a message each way.
void expect_losses(Bytes eager_limit, bool one_connection = false) {
  std::array<std::string, 2> first, second;
  std::string backwards = "?";
  const Slice two_seconds = Slice::phantom(500'000'000);
  run_on({.ranks = 3,
          .processor = {.speed = {1e9}},
          .options = {.eager_limit = eager_limit},
          .one_connection = one_connection},
         [&](Communicator& comm) {
           if (comm.rank() == 2) {
             compute(comm, a_second());
             ::simgrid::s4u::Link::by_name("l1_DOWN")->turn_off();
             return;
           }
           const auto index = static_cast<std::size_t>(comm.rank());
           const auto talk = [&](Slice values) {
             return loss_in([&] {
               comm.rank() == 0 ? send(comm, 1, tag, values) : void(receive(comm, 0, tag, values));
             });
           };
           first[index] = talk(two_seconds);
           if (comm.rank() == 0) compute(comm, a_second());  // an eager message was sent at once
           second[index] = talk(Slice::phantom(1));
           backwards = loss_in([&] {
             comm.rank() == 1 ? send(comm, 0, tag, Slice::phantom(1))
                              : void(receive(comm, 1, tag, Slice::phantom(1)));
           });
         });
  const auto between = [](int a, int b) {
    return "a link between rank " + std::to_string(a) + " and rank " + std::to_string(b) +
           " has failed";
  };
  const bool eager = eager_limit.value > 0;
  EXPECT_EQ(first[0], eager ? "" : between(0, 1));
  EXPECT_EQ(first[1], between(1, 0));
  EXPECT_EQ(second[0], eager ? "" : between(0, 1));
  EXPECT_EQ(second[1], between(1, 0));
  EXPECT_EQ(backwards, "");  // another link
}
TEST(Failures, TellBothSidesOfAMessageWhoseLinkIsTurnedOff) { expect_losses(Bytes{0}); }
TEST(Failures, TellTheReceiverOfAnEagerMessageWhoseLinkIsTurnedOff) {
  expect_losses(Bytes{4'000'000'000});
}

TEST(Failures, TellBothSidesOfMessagesThatFollowEachOther) { expect_losses(Bytes{0}, true); }
TEST(Failures, EndMessagesThatWaitForOthersOfTheirPair) {
  std::array<std::string, 2> lost;
  run_on({.ranks = 3,
          .processor = {.speed = {1e9}},
          .options = {.eager_limit = {1 << 30}},
          .one_connection = true},
         [&](Communicator& comm) {
           if (comm.rank() == 2) {
             compute(comm, a_second());
             ::simgrid::s4u::Host::by_name("h0")->turn_off();
           } else if (comm.rank() == 0) {
             for (int i = 0; i < 3; ++i) send(comm, 1, tag, Slice::phantom(500'000'000));  // 2 s
             compute(comm, a_second());
             compute(comm, a_second());
           } else {
             for (auto& said : lost)
               said = loss_in([&] { receive(comm, 0, tag, Slice::phantom(500'000'000)); });
           }
         });
  for (const auto& said : lost) EXPECT_THAT(said, testing::HasSubstr("rank 0 is gone"));
}

TEST(Failures, EndTheTransfersOfARankWhoseHostIsTurnedOff) {
  std::string lost;
  const auto result = run_on({.ranks = 3, .alpha = Seconds{0}, .processor = {.speed = {1e9}}},
                             [&](Communicator& comm) {
                               const Slice ten_seconds = Slice::phantom(2'500'000'000);
                               if (comm.rank() == 1) {
                                 receive(comm, 0, tag, ten_seconds);
                               } else if (comm.rank() == 2) {
                                 compute(comm, a_second());
                                 ::simgrid::s4u::Host::by_name("h1")->turn_off();
                                 for (int i = 0; i < 3; ++i) compute(comm, a_second());
                                 send(comm, 0, tag, ConstPayload{});
                               } else {
                                 lost = loss_in([&] { send(comm, 1, tag, ten_seconds); });
                                 receive(comm, 2, tag, Payload{});
                               }
                             });
  EXPECT_EQ(lost, "rank 1 is gone: its host failed");
  EXPECT_NEAR(result.ranks[0].communicating.count(), 1, 1e-6);
  EXPECT_NEAR(result.ranks[0].waiting.count(), 3, 1e-6);
  EXPECT_NEAR(result.end.count(), 4, 1e-6);
}

TEST(FailuresDeathTest, NameTheRankWhoseStackOverflows) {
  // AddressSanitizer is there first.
  EXPECT_EXIT(
      run_on({.ranks = 4, .options = {.stack = {64 * 1024}}},
             [](Communicator& comm) {
               if (comm.rank() == 3) test::use_stack(72 * 1024);
               comm.rank() % 2 == 0 ? send(comm, comm.rank() + 1, tag, ConstPayload{})
                                    : void(receive(comm, comm.rank() - 1, tag, Payload{}));
             }),
      testing::ExitedWithCode(1),
      "rank 3 has overflowed its stack|AddressSanitizer: stack-(buffer-)?(underflow|overflow)");
}
TEST(FailuresDeathTest, NameTheRankWhoseFrameReachesBeyondTheStacksBelow) {
#ifndef TROUPE_OWN_SWITCH
  GTEST_SKIP() << "needs an x86-64 without AddressSanitizer";
#endif
  EXPECT_EXIT(
      run_on({.ranks = 4, .options = {.stack = {64 * 1024}}},
             [](Communicator& comm) {
               const auto pass = [&comm] {
                 comm.rank() % 2 == 0 ? send(comm, comm.rank() + 1, tag, ConstPayload{})
                                      : void(receive(comm, comm.rank() - 1, tag, Payload{}));
               };
               comm.rank() == 3 ? void(test::use_frame<400>(pass)) : pass();
             }),
      testing::ExitedWithCode(1),
      "rank 3 has overflowed its stack|AddressSanitizer: stack-(buffer-)?(underflow|overflow)");
}

TEST(Transfers, AreMadeAnewForMorePairsThanTheyAreKeptFor) {
  constexpr int ranks = 72;  // 5112 pairs; 4096 transfers are kept
  int wrong = 0;
  const auto result = run_on({.ranks = ranks}, [&](Communicator& comm) {
    for (int round = 0; round < 3; ++round)
      for (int distance = 1; distance < ranks; ++distance) {
        const Rank to = (comm.rank() + distance) % ranks;
        const Rank from = (comm.rank() + ranks - distance) % ranks;
        float mine = static_cast<float>(comm.rank() * 10 + round), other = -1;
        exchange(comm, tag, Slice{std::span{&mine, 1}}, to, Slice{std::span{&other, 1}}, from);
        wrong += other != static_cast<float>(from * 10 + round);
      }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(result.ranks[0].messages_sent, 3u * (ranks - 1));
}

}  // namespace
}  // namespace troupe
