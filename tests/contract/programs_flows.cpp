// Spawned flows and groups: what runs at the same time stays apart.

#include <array>
#include <atomic>
#include <numeric>
#include <vector>

#include "contract/contract.hpp"
#include "contract/random_program.hpp"
#include "core/subset.hpp"

namespace troupe::contract {

namespace {

constexpr Tag data{1};

void runs_flows(Communicator& comm) {
  std::atomic<int> sum = 0;
  WaitSet set;
  for (int i = 0; i < 5; ++i)
    set.put(static_cast<std::size_t>(i), comm.spawn([&sum, &comm, i](Communicator& flow) {
      check_equal(flow.rank(), comm.rank(), "a flow has the rank of its parent");
      check_equal(flow.size(), comm.size(), "a flow sees as many ranks as its parent");
      check(flow.context() != comm.context(), "a flow has a context of its own");
      pause(flow, Seconds{0.001 * (5 - i)});
      sum += i;
    }));
  wait_all(comm, set);
  check_equal(sum.load(), 10, "a flow has run when its request completes");
}

/// The same tag between the same ranks, in the parent and in two flows.
void keeps_tags_of_flows_apart(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  std::array<int, 3> got{-1, -1, -1};
  const auto swap_over = [&](Communicator& flow, std::size_t which) {
    int mine = static_cast<int>(which) * 10 + flow.rank();
    exchange(flow, data, value(mine), peer, value(got[which]), peer);
  };
  Request one = comm.spawn([&](Communicator& flow) {
    if (flow.rank() == 0) pause(flow);
    swap_over(flow, 1);
  });
  Request two = comm.spawn([&](Communicator& flow) {
    if (flow.rank() == 1) pause(flow);
    swap_over(flow, 2);
  });
  swap_over(comm, 0);
  wait_all(comm, std::move(one), std::move(two));
  check(got == std::array{peer, 10 + peer, 20 + peer},
        "flows that use the same tag do not take each other's messages");
}

void spawns_from_flows(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  std::array<std::array<int, 2>, 2> got{};
  WaitSet set;
  for (std::size_t i = 0; i < 2; ++i)
    set.add(comm.spawn([&, i](Communicator& flow) {
      WaitSet inner;
      for (std::size_t k = 0; k < 2; ++k)
        inner.add(flow.spawn([&, i, k](Communicator& leaf) {
          int mine = static_cast<int>(100 * i + 10 * k) + leaf.rank();
          exchange(leaf, data, value(mine), peer, value(got[i][k]), peer);
        }));
      wait_all(flow, inner);
    }));
  wait_all(comm, set);
  check(got == std::array{std::array{peer, 10 + peer}, std::array{100 + peer, 110 + peer}},
        "flows of flows stay apart");
}

void throws_from_the_wait(Communicator& comm) {
  Request flow = comm.spawn([](Communicator&) { throw std::out_of_range{"thrown on purpose"}; });
  check_throws<std::out_of_range>([&] { wait(comm, std::move(flow)); },
                                  "what a task throws is thrown by the wait for it");
  meet(comm);
}

void spawns_many_in_turn(Communicator& comm) {
  // More than there are numbers for contexts, but only one at a time.
  int last = -1;
  for (int i = 0; i < 600; ++i)
    wait(comm, comm.spawn([&](Communicator& flow) {
      const Rank peer = 1 - flow.rank();
      exchange(flow, data, value(i), peer, value(last), peer);
      check_equal(last, i, "a flow talks to the flow that was spawned as often before it");
    }));
}

void waits_while_a_flow_talks(Communicator& comm) {
  // The parent waits without a deadline for what its own flow makes possible.
  const Rank peer = 1 - comm.rank();
  int got = -1;
  Request coming = comm.irecv(peer, data, value(got));
  Request helper = comm.spawn([&](Communicator& flow) {
    meet(flow);
    int mine = flow.rank();
    send(flow, peer, data.in(comm.context()), value(mine));
  });
  wait(comm, std::move(coming));
  check_equal(got, peer, "a flow may send on the tags of its parent");
  wait(comm, std::move(helper));
}

void waits_in_flows_with_deadlines(Communicator& comm) {
  Request flow = comm.spawn([](Communicator& inner) {
    for (int i = 0; i < 3; ++i) pause(inner, Seconds{0.005});
  });
  check(!wait_until(comm, flow, comm.now() + Seconds{0.001}), "a flow can be waited for in vain");
  check(static_cast<bool>(flow), "a flow survives the deadline of its parent");
  wait(comm, std::move(flow));
}

/// Overlapping groups {0,1,2} and {1,2,3}; ranks 1 and 2 enter them in different order.
void runs_overlapping_groups(Communicator& comm) {
  std::array<std::int32_t, 2> sums{-1, -1};
  const auto in_group = [&](std::uint32_t number) {
    const int first = static_cast<int>(number);
    Subset group{comm, {first, first + 1, first + 2}, number};
    check_equal(group.rank(), comm.rank() - first, "a member counts from the first of its group");
    check_equal(group.size(), 3, "a group has as many ranks as members");
    sums[number] = static_cast<std::int32_t>(number + 1) * (comm.rank() + 1);
    ring_sum(group, std::span{&sums[number], 1});
  };
  const auto overlapping = [&](Communicator& both) {
    // Messages of both groups are on their way at once.
    Subset a{both, {0, 1, 2}, 0}, b{both, {1, 2, 3}, 1};
    const Rank other = both.rank() == 1 ? 2 : 1;
    int out_a = 100 + both.rank(), out_b = 200 + both.rank(), in_a = -1, in_b = -1;
    Subset& early = both.rank() == 1 ? a : b;
    Subset& late = both.rank() == 1 ? b : a;
    int& out_early = both.rank() == 1 ? out_a : out_b;
    int& out_late = both.rank() == 1 ? out_b : out_a;
    Request one = early.isend(other - (&early == &b ? 1 : 0), data, value(out_early));
    Request two = late.isend(other - (&late == &b ? 1 : 0), data, value(out_late));
    check_equal(receive(b, other - 1, data, value(in_b)).from, other - 1,
                "a completion names the rank within the group");
    check_equal(receive(a, other, data, value(in_a)).from, other,
                "a completion names the rank within the group");
    wait(early, std::move(one));
    wait(late, std::move(two));
    check(in_a == 100 + other && in_b == 200 + other, "overlapping groups stay apart");
  };
  if (comm.rank() < 3) in_group(0);
  if (comm.rank() > 0) in_group(1);
  if (comm.rank() < 3) check_equal(sums[0], 6, "the sum over the first group");
  if (comm.rank() > 0) check_equal(sums[1], 18, "the sum over the second group");
  if (comm.rank() == 1 || comm.rank() == 2) overlapping(comm);
}

void nests_groups(Communicator& comm) {
  // The reverse of all, then its first three (3, 2, 1), then of those the outer two (3, 1).
  Subset reversed{comm, {3, 2, 1, 0}, 0};
  check_equal(reversed.rank(), 3 - comm.rank(), "members are ranked in the order given");
  int got = -1;
  if (reversed.rank() < 3) {
    Subset three{reversed, {0, 1, 2}, 0};
    std::int32_t sum = comm.rank();
    ring_sum(three, value(sum));
    check_equal(sum, 6, "the sum over a group within a group");
    if (three.rank() != 1) {
      Subset two{three, {0, 2}, 1};
      int mine = comm.rank();
      const Rank peer = 1 - two.rank();
      const Completion done = exchange(two, data, value(mine), peer, value(got), peer);
      check_equal(done.from, peer, "a completion names the rank within the inner group");
      check_equal(got, 4 - comm.rank(), "groups within groups reach the right ranks");
    }
  }
}

void spawns_inside_groups(Communicator& comm) {
  // Rank 1 has spawned more often than the others before: the group keeps its own count.
  if (comm.rank() == 1) wait(comm, comm.spawn([](Communicator&) {}));
  const std::vector<Rank> members =
      comm.rank() % 2 == 0 ? std::vector<Rank>{0, 2} : std::vector<Rank>{3, 1};
  Subset group{comm, members, static_cast<std::uint32_t>(comm.rank() % 2)};
  std::array<int, 3> got{-1, -1, -1};
  WaitSet set;
  for (std::size_t i = 0; i < got.size(); ++i)
    set.add(group.spawn([&, i](Communicator& flow) {
      check_equal(flow.size(), 2, "a flow of a group is of that group");
      check_equal(flow.rank(), group.rank(), "a flow of a group has the rank in that group");
      int mine = static_cast<int>(10 * i) + comm.rank();
      const Rank peer = 1 - flow.rank();
      exchange(flow, data, value(mine), peer, value(got[i]), peer);
    }));
  wait_all(group, set);
  const int other = members[static_cast<std::size_t>(1 - group.rank())];
  check(got == std::array{other, 10 + other, 20 + other}, "flows inside a group find each other");
}

void groups_take_open_tags(Communicator& comm) {
  if (comm.rank() == 0) return;
  Subset group{comm, {3, 1, 2}, 5};
  constexpr Tag open = Tag::open(2);
  int x = comm.rank();
  if (group.rank() != 0) return send(group, 0, open, value(x));
  for (int i = 0; i < 2; ++i) {
    const Completion done = receive(group, any_rank, open, value(x));
    check_equal(done.from, x, "an open receive names the rank within the group");
  }
}

void runs_random_programs(Communicator& comm) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    RandomProgram{seed, comm.size()}.run(comm, host_memory());
}

constexpr Bytes none{0};
constexpr ContractCase table[] = {
    {"RunsSpawnedFlows", 2, none, false, runs_flows},
    {"KeepsTheTagsOfFlowsApart", 2, none, false, keeps_tags_of_flows_apart},
    {"SpawnsFlowsFromFlows", 2, none, false, spawns_from_flows},
    {"ThrowsWhatATaskThrewFromTheWait", 2, none, false, throws_from_the_wait},
    {"SpawnsHundredsOfFlowsInTurn", 2, none, false, spawns_many_in_turn},
    {"LetsAFlowUseTheTagsOfItsParent", 2, none, false, waits_while_a_flow_talks},
    {"WaitsForAFlowUntilADeadline", 1, none, false, waits_in_flows_with_deadlines},
    {"RunsOverlappingGroupsAtTheSameTime", 4, none, false, runs_overlapping_groups},
    {"NestsGroups", 4, none, false, nests_groups},
    {"SpawnsFlowsInsideGroups", 4, none, false, spawns_inside_groups},
    {"ServesOpenTagsInsideGroups", 4, none, false, groups_take_open_tags},
    {"ComputesInFlowsWhatItWouldInOrder", 2, none, false, runs_random_programs},
    {"ComputesInFlowsWhatItWouldInOrderAmongThree", 3, none, false, runs_random_programs},
    {"ComputesInFlowsWhatItWouldInOrderWhenSomeIsEager", 3, Bytes{40}, false, runs_random_programs},
};

}  // namespace

std::span<const ContractCase> flow_cases() { return table; }

}  // namespace troupe::contract
