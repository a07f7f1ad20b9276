#include "core/faulty.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "contract/contract.hpp"
#include "core/loopback.hpp"

namespace troupe {
namespace {

constexpr Tag data{3}, other{4};

/// Runs a program on faulty ranks.
RunReport run_faulty(int ranks, const FaultyOptions& options,
                     const std::function<void(Communicator&)>& program, Bytes eager_limit = {}) {
  return run_loopback(ranks,
                      [&](Communicator& comm) {
                        FaultyCommunicator faulty{comm, options};
                        program(faulty);
                      },
                      {.eager_limit = eager_limit});
}

TEST(FaultyCommunicator, KeepsTheOrderOfDelayedMessages) {
  run_faulty(2, {.longest_delay = Seconds{0.002}}, [](Communicator& comm) {
    std::array<int, 40> values{};
    std::iota(values.begin(), values.end(), 0);
    WaitSet set;
    if (comm.rank() == 0) {
      for (int& x : values) set.add(comm.isend(1, data, value(x)));
      wait_all(comm, set);
    } else {
      for (const int x : values) {
        int got = -1;
        receive(comm, 0, data, value(got));
        EXPECT_EQ(got, x);
      }
    }
  });
}

TEST(FaultyCommunicator, ReordersMessagesOfDifferentTags) {
  bool out_of_order = false;
  // Long enough for the receiver to look in between, whatever else the machine does.
  run_faulty(2, {.seed = 3, .longest_delay = Seconds{0.2}}, [&](Communicator& comm) {
    std::array<int, 20> values{};
    WaitSet set;
    for (std::uint32_t i = 0; i < 20; ++i)
      if (comm.rank() == 0) set.add(comm.isend(1, Tag{i}, value(values[i])));
      else set.add(comm.irecv(0, Tag{i}, value(values[i])));
    std::vector<std::size_t> order;
    while (!set.empty()) order.push_back(comm.wait_any(set)->index);
    if (comm.rank() == 1) out_of_order = !std::ranges::is_sorted(order);
  });
  EXPECT_TRUE(out_of_order);
}

TEST(FaultyCommunicator, LosesMessages) {
  const RunReport report = run_faulty(
      2, {.seed = 1, .loss = 0.5},
      [](Communicator& comm) {
        for (int i = 0; i < 200 && comm.rank() == 0; ++i) send(comm, 1, data, value(i));
      },
      Bytes{64});
  EXPECT_GT(report.unmatched.size(), 50u);
  EXPECT_LT(report.unmatched.size(), 150u);
}

TEST(FaultyCommunicator, FailsRequestsThatNameTheDead) {
  int lost = 0;
  run_faulty(3, {.dead = {2}, .patience = Seconds{0.02}}, [&](Communicator& comm) {
    int x = 5;
    if (comm.rank() == 2) {
      EXPECT_THROW(send(comm, 0, data, value(x)), PeerLost);
    } else if (comm.rank() == 0) {
      const Seconds begin = comm.now();
      int y = 0;
      WaitSet set;
      set.put(2, comm.irecv(2, data, value(x)));
      set.put(1, comm.irecv(1, data, value(y)));
      EXPECT_THROW(comm.wait_any(set), PeerLost);
      EXPECT_GE(comm.now() - begin, Seconds{0.02});
      contract::tell(comm, 1);
      EXPECT_EQ(comm.wait_any(set)->index, 1u);
      EXPECT_THROW(send(comm, 2, data, value(x)), PeerLost);
      ++lost;
    } else {
      contract::hear(comm, 0);
      send(comm, 0, data, value(x));
      { const Request dropped = comm.isend(2, data, value(x)); }
      { const Request dropped = comm.irecv(2, data, value(x)); }
    }
  });
  EXPECT_EQ(lost, 1);
}

TEST(FaultyCommunicator, KillsARankInTheMiddle) {
  run_faulty(
      2, {.dead = {1}, .death = Seconds{0.05}, .patience = Seconds{0.01}},
      [&](Communicator& comm) {
        int x = 5;
        const Rank peer = 1 - comm.rank();
        const auto talk = [&] {
          for (;;) exchange(comm, data, value(x), peer, Payload{Slice::phantom(1)}, peer);
        };
        EXPECT_THROW(talk(), PeerLost);
        EXPECT_GE(comm.now(), Seconds{0.05});
      },
      Bytes{64});
}

TEST(FaultyCommunicator, HoldsEagerSendsUntilTheyAreReceived) {
  run_faulty(
      2, {.rendezvous = true},
      [](Communicator& comm) {
        int x = 1;
        if (comm.rank() == 0) {
          Request sent = comm.isend(1, data, value(x));
          Request empty = comm.isend(1, data, ConstPayload{});
          EXPECT_FALSE(wait_until(comm, sent, comm.now() + Seconds{0.02}));
          EXPECT_FALSE(wait_until(comm, empty, comm.now() + Seconds{0.02}));
          Request go = comm.isend(1, other, ConstPayload{});
          wait_all(comm, std::move(sent), std::move(empty), std::move(go));
        } else {
          receive(comm, 0, other, Payload{});
          receive(comm, 0, data, value(x));
          receive(comm, 0, data, Payload{});
        }
      },
      Bytes{64});
}

TEST(FaultyCommunicator, AcknowledgesTruncatedAndOpenMessages) {
  run_faulty(2, {.rendezvous = true}, [](Communicator& comm) {
    std::array<int, 2> two{1, 2};
    if (comm.rank() == 0) {
      send(comm, 1, data, std::span{two});
      send(comm, 1, Tag::open(3), std::span{two});
    } else {
      int room = 0;
      EXPECT_THROW(receive(comm, 0, data, value(room)), Truncated);
      EXPECT_EQ(receive(comm, any_rank, Tag::open(3), std::span{two}).from, 0);
    }
  });
}

TEST(FaultyCommunicator, DrawsTheSameFaultsForTheSameSeed) {
  const auto losses = [](std::uint64_t seed) {
    std::vector<std::size_t> left;
    const RunReport report = run_faulty(
        1, {.seed = seed, .loss = 0.3},
        [](Communicator& comm) {
          for (int i = 0; i < 100; ++i) send(comm, 0, data.at(i), value(i));
        },
        Bytes{64});
    for (const UnmatchedMessage& message : report.unmatched) left.push_back(message.tag.step());
    return left;
  };
  EXPECT_EQ(losses(1), losses(1));
  EXPECT_NE(losses(1), losses(2));
}

/// Everything the port promises holds in bad weather too.
class FaultyContract : public testing::TestWithParam<const contract::ContractCase*> {};
TEST_P(FaultyContract, HoldsWhenMessagesAreLate) {
  const contract::ContractCase& which = *GetParam();
  run_faulty(which.ranks, {.seed = 5, .longest_delay = Seconds{20e-6}}, which.program,
             which.eager_limit);
}
std::vector<const contract::ContractCase*> wall_clock_cases() {
  std::vector<const contract::ContractCase*> all;
  for (const contract::ContractCase& each : contract::cases())
    if (!each.needs_simulated_clock) all.push_back(&each);
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, FaultyContract, testing::ValuesIn(wall_clock_cases()),
                         [](const auto& each) { return std::string{each.param->name}; });

}  // namespace
}  // namespace troupe
