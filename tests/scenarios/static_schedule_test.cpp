// Which programs have schedules that need neither tags nor luck, and what a transport without tags
// refuses to carry.

#include "scenarios/static_schedule.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "said.hpp"
#include "scenarios/payload.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/transport.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Collective;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Tag a{1}, b{2};
const Slice four = Slice::phantom(4), five = Slice::phantom(5);

std::string refusal(int ranks, const std::function<void(Communicator&)>& program) {
  return static_schedule(ranks, program).refusal;
}

StaticSchedule schedule_of(const algorithms::Entry& entry, const algorithms::Problem& problem) {
  return static_schedule(problem.ranks, [&](Communicator& comm) {
    const CollectiveBuffers buffers{entry.collective, problem, comm.rank(), true, false};
    entry.run(comm, problem, buffers.buffers());
  });
}

TEST(StaticSchedule, OfARingHasAGroupForEachStepWithAMessageToEitherSide) {
  const algorithms::Problem problem{.ranks = 4, .count = 8};
  const auto schedule = schedule_of(algorithms::find_entry(Collective::allreduce, "ring"), problem);
  EXPECT_THAT(schedule.refusal, IsEmpty());
  ASSERT_EQ(schedule.groups_of_rank.size(), 4u);
  for (Rank rank = 0; rank < 4; ++rank) {
    const auto& groups = schedule.groups_of_rank[static_cast<std::size_t>(rank)];
    EXPECT_EQ(groups.size(), 6u);
    for (const auto& group : groups) {
      ASSERT_EQ(group.size(), 2u);
      for (const auto& message : group) {
        EXPECT_EQ(message.peer, (rank + (message.sends ? 1 : 3)) % 4);
        EXPECT_EQ(message.bytes, 8u);
      }
    }
  }
}

TEST(StaticSchedule, HasAllMessagesOfEveryAlgorithmOrSaysWhyNot) {
  std::set<std::string> refused;
  for (const auto& entry : algorithms::catalogue())
    for (const int ranks : {1, 2, 3, 4, 6, 8, 9})
      for (const std::size_t count : {0, 5, 100}) {
        algorithms::Problem problem{.ranks = ranks, .count = count};
        problem.machine = {.alpha = Seconds{1e-6}, .beta = 1e-9, .gamma = 0};
        if (entry.collective == Collective::all_to_all_v)
          problem.counts = uneven_counts(count, ranks);
        if (!entry.refusal(problem).empty() || !entry.static_schedule) continue;
        const auto schedule = schedule_of(entry, problem);
        if (!schedule.refusal.empty()) {
          EXPECT_THAT(schedule.refusal, HasSubstr("several flows")) << entry.name;
          refused.insert(std::string{entry.name});
          continue;
        }
        std::uint64_t messages = 0, bytes = 0;
        for (const auto& groups : schedule.groups_of_rank)
          for (const auto& group : groups)
            for (const auto& message : group)
              if (message.sends) {
                ++messages;
                bytes += message.bytes;
              }
        const auto cost = entry.cost(problem, problem.machine);
        EXPECT_EQ(messages, cost.total_messages) << name_of(entry.collective) << ' ' << entry.name;
        EXPECT_EQ(bytes, cost.total_bytes) << name_of(entry.collective) << ' ' << entry.name;
      }
  EXPECT_THAT(refused, testing::IsSubsetOf({"double_binary_tree", "multi_ring"}));
}

TEST(StaticSchedule, RefusesReceivesFromAnyRank) {
  const auto open = Tag::open(3);
  EXPECT_EQ(refusal(2,
                    [&](Communicator& comm) {
                      if (comm.rank() == 0) send(comm, 1, open, four);
                      else receive(comm, any_rank, open, four);
                    }),
            "receives from whoever sends first");
}

TEST(StaticSchedule, RefusesDeadlines) {
  EXPECT_EQ(refusal(2,
                    [&](Communicator& comm) {
                      WaitSet set;
                      set.add(comm.irecv(1 - comm.rank(), a, four));
                      set.add(comm.isend(1 - comm.rank(), a, four));
                      while (!set.empty()) comm.wait_any(set, Seconds{1});
                    }),
            "waits with a deadline");
}

TEST(StaticSchedule, RefusesFlowsOfTheirOwn) {
  EXPECT_THAT(refusal(1, [](Communicator& comm) { wait(comm, comm.spawn([](Communicator&) {})); }),
              HasSubstr("several flows"));
}

/// A server answers workers in the order in which they come.
TEST(StaticSchedule, RefusesWhatDependsOnWhoComesFirst) {
  EXPECT_EQ(refusal(3,
                    [](Communicator& comm) {
                      if (comm.rank() > 0) {
                        send(comm, 0, a, four);
                        receive(comm, 0, b, four);
                        return;
                      }
                      WaitSet set;
                      for (Rank worker : {1, 2})
                        set.put(static_cast<std::size_t>(worker), comm.irecv(worker, a, four));
                      while (!set.empty()) {
                        const auto come = comm.wait_any(set);
                        send(comm, come->from, b, four);
                      }
                    }),
            "depends on which message arrives first");
}

TEST(StaticSchedule, RefusesMessagesThatOnlyTheirTagsTellApart) {
  const auto reversed = [](Communicator& comm) {
    WaitSet set;
    for (const Tag& tag : {a, b})
      if (comm.rank() == 0) set.add(comm.isend(1, tag, four));
      else set.add(comm.irecv(0, tag == a ? b : a, four));
    wait_all(comm, set);
  };
  EXPECT_EQ(
      refusal(2, reversed),
      "sends from rank 0 to rank 1 in another order or length than is received there: message "
      "0 (tag 1, step 0, 16 bytes) meets a receive of tag 2, step 0, 16 bytes");
}

TEST(StaticSchedule, RefusesMessagesShorterThanTheirRoom) {
  EXPECT_THAT(refusal(2,
                      [](Communicator& comm) {
                        if (comm.rank() == 0) send(comm, 1, a, four);
                        else receive(comm, 0, a, five);
                      }),
              HasSubstr("(tag 1, step 0, 16 bytes) meets a receive of tag 1, step 0, 20 bytes"));
}

TEST(StaticSchedule, RefusesMessagesThatNobodyReceives) {
  EXPECT_EQ(refusal(2,
                    [](Communicator& comm) {
                      if (comm.rank() == 0) send(comm, 1, a, four);
                    }),
            "sends 1 messages from rank 0 to rank 1, where 0 are received");
}

TEST(StaticSchedule, RefusesGroupsThatWaitForEachOther) {
  const auto both_send_first = [](Communicator& comm) {  // which eager messages would allow
    send(comm, 1 - comm.rank(), a, four);
    receive(comm, 1 - comm.rank(), a, four);
  };
  EXPECT_EQ(refusal(2, both_send_first), "has groups of messages that would wait for each other");
  const auto in_turn = [](Communicator& comm) {
    if (comm.rank() == 0) send(comm, 1, a, four);
    receive(comm, 1 - comm.rank(), a, four);
    if (comm.rank() == 1) send(comm, 0, a, four);
  };
  EXPECT_THAT(refusal(2, in_turn), IsEmpty());
  const auto together = [](Communicator& comm) {
    exchange(comm, a, four, 1 - comm.rank(), five.first(4), 1 - comm.rank());
  };
  EXPECT_THAT(refusal(2, together), IsEmpty());
}

TEST(StaticSchedule, LetsARankSendToItselfInOneGroupOnly) {
  EXPECT_THAT(refusal(1, [](Communicator& comm) { exchange(comm, a, four, 0, four, 0); }),
              IsEmpty());
  EXPECT_THAT(refusal(1,
                      [](Communicator& comm) {
                        send(comm, 0, a, four);
                        receive(comm, 0, a, four);
                      }),
              HasSubstr("wait for each other"));
}

// ---- what is said of a scenario

std::string of_scenario(const std::string& text, int ranks = 4) {
  Machine machine;
  machine.ranks = ranks;
  machine.baselines = {"mpi", "nccl"};
  return said([&] {
    auto scenario = read_scenario(nlohmann::json::parse(text), Origin{}, "/");
    expect_nccl_can_carry(resolve(std::move(scenario), machine, false).scenario, machine);
  });
}

TEST(Nccl, CarriesRingsAndItsOwnCollectives) {
  EXPECT_EQ(of_scenario(R"({"troupe": 1, "collective": {
      "algorithm": "ring,halving_doubling,nccl", "sizes": "8:64K"}})"),
            "no error");
}

TEST(Nccl, IsNotAskedToCarryWhatItCannot) {
  EXPECT_EQ(
      of_scenario(R"({"troupe": 1, "collective": {
      "algorithm": "ring,multi_ring", "channels": 2, "sizes": "1K"}})"),
      "--transport nccl: multi_ring allreduce has several flows at once, whose messages could "
      "not be told apart; use --transport mpi");
  EXPECT_EQ(of_scenario(R"({"troupe": 1, "collective": {"algorithm": "kylix", "sizes": "1K"}})"),
            "--transport nccl: kylix allreduce has no schedule that is known beforehand; use "
            "--transport mpi");
  EXPECT_EQ(
      of_scenario(R"({"troupe": 1, "payload": "phantom", "collective": {
      "algorithm": "ring", "sizes": "1K"}})"),
      "--transport nccl: NCCL carries values, and the payload is phantom; use --transport mpi");
  EXPECT_EQ(
      of_scenario(R"({"troupe": 1, "training": {"strategy": "parameter_server"}})"),
      "--transport nccl: what the training parameter_server sends is not known beforehand; use "
      "--transport mpi");
}

TEST(Nccl, HasNoCallForBlocksOfDifferentSizes) {
  EXPECT_THAT(
      of_scenario(R"({"troupe": 1, "collective": {
      "op": "allgather", "algorithm": "nccl", "sizes": "40"}})"),
      HasSubstr("NCCL wants blocks of one size, and 10 values do not divide among 4 ranks"));
}

TEST(Nccl, WantsAGpuForEachRank) {
  const std::vector<std::string> own{"0000:1b:00.0 of a", "0000:1c:00.0 of a", "0000:1b:00.0 of b"};
  EXPECT_THAT(refusal_of_shared_gpus(own), IsEmpty());
  const std::vector<std::string> shared{"0000:1b:00.0 of a", "0000:1c:00.0 of a",
                                        "0000:1b:00.0 of a"};
  EXPECT_EQ(
      refusal_of_shared_gpus(shared),
      "ranks 0 and 2 share the GPU 0000:1b:00.0 of a, and NCCL wants one for each rank: start "
      "fewer ranks, or use --transport mpi and no nccl among the algorithms");
}

}  // namespace
}  // namespace troupe::scenarios
