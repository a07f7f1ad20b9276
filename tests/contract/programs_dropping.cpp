// What happens to a request that nobody waits for.

#include <array>
#include <vector>

#include "contract/contract.hpp"

namespace troupe::contract {

namespace {

constexpr Tag data{1};

void forgets_unmatched_receives(Communicator& comm) {
  int x = 9;
  if (comm.rank() == 0) {
    hear(comm, 1);
    return send(comm, 1, data, value(x));
  }
  int dropped = -1;
  { const Request never = comm.irecv(0, data, value(dropped)); }
  tell(comm, 0);
  x = -1;
  receive(comm, 0, data, value(x));
  check_equal(x, 9, "the message of a dropped receive stays queued for the next");
  check_equal(dropped, -1, "nothing is written into the room of a dropped receive");
}

void forgets_only_what_was_dropped(Communicator& comm) {
  std::array<int, 3> values{1, 2, 3};
  if (comm.rank() == 0) {
    hear(comm, 1);
    for (int& x : values) send(comm, 1, data, value(x));
    return;
  }
  values.fill(-1);
  Request a = comm.irecv(0, data, value(values[0]));
  Request b = comm.irecv(0, data, value(values[1]));
  Request c = comm.irecv(0, data, value(values[2]));
  b = Request{};
  tell(comm, 0);
  wait(comm, std::move(a));
  wait(comm, std::move(c));
  check(values == std::array{1, -1, 2}, "receives around a dropped one keep their order");
  receive(comm, 0, data, value(values[1]));
  check_equal(values[1], 3, "the last message is there for the next receive");
}

void forgets_unmatched_open_receives(Communicator& comm) {
  constexpr Tag open = Tag::open(4);
  int x = comm.rank();
  if (comm.rank() != 0) {
    hear(comm, 0);
    return send(comm, 0, open, value(x));
  }
  int dropped = -1, sum = 0;
  for (int i = 0; i < 3; ++i) const Request never = comm.irecv(any_rank, open, value(dropped));
  tell(comm, 1);
  tell(comm, 2);
  for (int i = 0; i < 2; ++i) {
    receive(comm, any_rank, open, value(x));
    sum += x;
  }
  check_equal(sum, 3, "messages on an open tag stay queued when their receives are dropped");
  check_equal(dropped, -1, "nothing is written into the room of a dropped receive");
}

void drops_receives_of_an_expired_wait(Communicator& comm) {
  int x = 4;
  if (comm.rank() == 0) {
    hear(comm, 1);
    return send(comm, 1, data, value(x));
  }
  x = -1;
  {
    WaitSet set;
    set.add(comm.irecv(0, data, value(x)));
    check(!comm.wait_any(set, comm.now() + Seconds{0.01}), "nothing has been sent");
  }
  check_equal(x, -1, "a set that dies drops its requests");
  tell(comm, 0);
  int again = -1;
  receive(comm, 0, data, value(again));
  check_equal(again, 4, "the message of a dropped receive stays queued for the next");
}

/// The first receive has got its message before it is dropped: that message is gone.
void completes_matched_receives(Communicator& comm) {
  std::array<int, 2> values{1, 2};
  if (comm.rank() == 0) {
    hear(comm, 1);
    send(comm, 1, data, value(values[0]));
    tell(comm, 1);
    return send(comm, 1, data, value(values[1]));
  }
  values.fill(-1);
  {
    const Request matched = comm.irecv(0, data, value(values[0]));
    tell(comm, 0);
    hear(comm, 0);
    pause(comm);
  }
  check_equal(values[0], 1, "dropping a matched receive waits until its bytes have landed");
  receive(comm, 0, data, value(values[1]));
  check_equal(values[1], 2, "the next receive gets the next message");
}

/// A long message is still on its way when its receive is dropped.
void waits_for_matched_receives(Communicator& comm) {
  std::vector<std::int32_t> values(1 << 20, 3);
  if (comm.rank() == 0) {
    Request sent = comm.isend(1, data, std::span{values});
    tell(comm, 1);
    wait(comm, std::move(sent));
    hear(comm, 1);
  } else {
    std::ranges::fill(values, -1);
    hear(comm, 0);
    pause(comm);
    { const Request matched = comm.irecv(0, data, std::span{values}); }
    check(values.front() == 3 && values.back() == 3,
          "dropping a matched receive waits until all of its bytes have landed");
    tell(comm, 0);
  }
}

void never_cancels_sends(Communicator& comm) {
  std::vector<std::int32_t> values(10000, 5);
  if (comm.rank() == 0) {
    hear(comm, 1);
    { const Request dropped = comm.isend(1, data, std::span{values}); }
    std::ranges::fill(values, -1);
    { const Request dropped = comm.isend(1, data, ConstPayload{}); }
    hear(comm, 1);
  } else {
    std::ranges::fill(values, 0);
    tell(comm, 0);
    pause(comm);
    const Completion got = receive(comm, 0, data, std::span{values});
    check_equal(got.bytes, values.size() * sizeof values[0], "a dropped send travels all the same");
    check(values == std::vector<std::int32_t>(10000, 5),
          "dropping a send waits until its payload is no longer needed");
    receive(comm, 0, data, Payload{});
    tell(comm, 0);
  }
}

void never_cancels_kernels(Communicator& comm) {
  int runs = 0;
  for (int i = 0; i < 3; ++i)
    const Request dropped = comm.start(Opaque{{}, {}, Work{}, [&] { ++runs; }});
  check_equal(runs, 3, "dropping a kernel waits until it has run");
}

void never_cancels_flows(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  int got = -1;
  {
    const Request dropped = comm.spawn([&](Communicator& flow) {
      int x = flow.rank();
      pause(flow);
      exchange(flow, data, value(x), peer, value(got), peer);
    });
  }
  check_equal(got, peer, "dropping a flow waits until its task has returned");
}

void drops_while_unwinding(Communicator& comm) {
  int x = comm.rank();
  if (comm.rank() == 0) {
    check_throws<std::runtime_error>(
        [&] {
          const Request sent = comm.isend(1, data, value(x));
          int never = -1;
          const Request coming = comm.irecv(1, Tag{9}, value(never));
          throw std::runtime_error{"thrown on purpose"};
        },
        "an exception passes through active requests");
  } else {
    receive(comm, 0, data, value(x));
    check_equal(x, 0, "a send dropped by an exception is received");
  }
}

void replaces_a_request(Communicator& comm) {
  int a = 1, b = 2;
  if (comm.rank() == 0) {
    Request sent = comm.isend(1, data, value(a));
    sent = comm.isend(1, data, value(b));
    wait(comm, std::move(sent));
  } else {
    receive(comm, 0, data, value(a));
    receive(comm, 0, data, value(b));
    check(a == 1 && b == 2, "assigning to a request drops the one it held");
  }
}

constexpr Bytes none{0}, some{4096};
constexpr ContractCase table[] = {
    {"ForgetsADroppedReceiveThatIsNotMatched", 2, none, false, forgets_unmatched_receives},
    {"ForgetsADroppedReceiveThatIsNotMatchedWhenEager", 2, some, false, forgets_unmatched_receives},
    {"ForgetsOnlyTheReceiveThatWasDropped", 2, none, false, forgets_only_what_was_dropped},
    {"ForgetsDroppedReceivesOnOpenTags", 3, none, false, forgets_unmatched_open_receives},
    {"DropsTheReceivesOfASetThatDies", 2, none, false, drops_receives_of_an_expired_wait},
    {"CompletesADroppedReceiveThatIsMatched", 2, none, false, completes_matched_receives},
    {"CompletesADroppedReceiveThatIsMatchedWhenEager", 2, some, false, completes_matched_receives},
    {"WaitsForADroppedReceiveThatIsMatched", 2, none, false, waits_for_matched_receives},
    {"NeverCancelsASend", 2, none, false, never_cancels_sends},
    {"NeverCancelsAnEagerSend", 2, Bytes{1 << 20}, false, never_cancels_sends},
    {"NeverCancelsAKernel", 1, none, false, never_cancels_kernels},
    {"NeverCancelsAFlow", 2, none, false, never_cancels_flows},
    {"DropsRequestsThatAnExceptionLeaves", 2, none, false, drops_while_unwinding},
    {"DropsTheRequestThatIsAssignedTo", 2, none, false, replaces_a_request},
};

}  // namespace

std::span<const ContractCase> dropping_cases() { return table; }

}  // namespace troupe::contract
