// Which message meets which receive, when a send completes, and what is too long.

#include <array>
#include <numeric>
#include <vector>

#include "contract/contract.hpp"

namespace troupe::contract {

namespace {

constexpr Tag first{1}, second{2};

void keeps_order(Communicator& comm) {
  constexpr int count = 100;
  if (comm.rank() == 0) {
    for (int i = 0; i < count; ++i) send(comm, 1, first, value(i));
  } else {
    for (int i = 0; i < count; ++i) {
      int got = -1;
      receive(comm, 0, first, value(got));
      check_equal(got, i, "messages of one pair and tag arrive in the order of their sending");
    }
  }
}

void keeps_order_of_posted_receives(Communicator& comm) {
  std::array<int, 50> values{};
  WaitSet set;
  if (comm.rank() == 0) {
    hear(comm, 1);
    std::iota(values.begin(), values.end(), 0);
    for (int& x : values) set.add(comm.isend(1, first, value(x)));
    wait_all(comm, set);
  } else {
    for (int& x : values) set.add(comm.irecv(0, first, value(x)));
    tell(comm, 0);
    wait_all(comm, set);
    for (std::size_t i = 0; i < values.size(); ++i)
      check_equal(values[i], i, "receives are served in the order of their posting");
  }
}

void matches_tags_not_arrival(Communicator& comm) {
  int a = 10, b = 20;
  if (comm.rank() == 0) {
    wait_all(comm, comm.isend(1, first, value(a)), comm.isend(1, second, value(b)));
  } else {
    receive(comm, 0, second, value(b));
    check_equal(b, 20, "a receive takes a message of its own tag");
    receive(comm, 0, first, value(a));
    check_equal(a, 10, "a message waits for a receive of its tag");
  }
}

void matches_senders_not_arrival(Communicator& comm) {
  int x = comm.rank();
  if (comm.rank() != 0) {
    if (comm.rank() == 1) hear(comm, 0);
    return send(comm, 0, first, value(x));
  }
  receive(comm, 2, first, value(x));
  check_equal(x, 2, "a receive takes a message of the sender it names");
  tell(comm, 1);
  receive(comm, 1, first, value(x));
  check_equal(x, 1, "a receive takes a message of the sender it names");
}

void keeps_steps_apart(Communicator& comm) {
  if (comm.rank() == 0) {
    std::array<int, 31> values{};
    std::iota(values.begin(), values.end(), 0);
    WaitSet set;
    for (std::size_t step = 0; step < values.size(); ++step)
      set.add(comm.isend(1, first.at(static_cast<int>(step)), value(values[step])));
    wait_all(comm, set);
  } else {
    for (int step = 30; step >= 0; --step) {
      int got = -1;
      receive(comm, 0, first.at(step), value(got));
      check_equal(got, step, "a late message of another step is not taken for this one");
    }
  }
}

void sends_to_itself(Communicator& comm) {
  int out = 7, in = 0;
  Request sent = comm.isend(comm.rank(), first, value(out));
  const Completion got = wait(comm, comm.irecv(comm.rank(), first, value(in)));
  wait(comm, std::move(sent));
  check_equal(in, 7, "a rank may send to itself, sending first");
  check_equal(got.from, comm.rank(), "a message to oneself comes from oneself");

  Request coming = comm.irecv(comm.rank(), first, value(in));
  out = 8;
  send(comm, comm.rank(), first, value(out));
  wait(comm, std::move(coming));
  check_equal(in, 8, "a rank may send to itself, receiving first");
}

void tells_what_arrived(Communicator& comm) {
  std::array<std::int64_t, 4> values{1, 2, 3, 4};
  const Rank peer = 1 - comm.rank();
  if (comm.rank() == 0) {
    const Completion sent = wait(comm, comm.isend(1, first, std::span{values}));
    check_equal(sent.from, peer, "a send completes with the receiver");
    check_equal(sent.bytes, 32u, "a send completes with the bytes that travelled");
  } else {
    const Completion got = receive(comm, 0, first, std::span{values});
    check_equal(got.from, peer, "a receive completes with the sender");
    check_equal(got.bytes, 32u, "a receive completes with the bytes that travelled");
  }
}

void takes_shorter_messages(Communicator& comm) {
  std::array<int, 4> values{1, 2, 3, 4};
  if (comm.rank() == 0) return send(comm, 1, first, std::span{values}.first(2));
  values.fill(-1);
  const Completion got = receive(comm, 0, first, std::span{values});
  check_equal(got.bytes, 2 * sizeof(int), "a shorter message than the room is legal");
  check(values == std::array{1, 2, -1, -1}, "a shorter message leaves the rest of the room alone");
}

void refuses_longer_messages(Communicator& comm) {
  std::array<int, 4> values{1, 2, 3, 4};
  if (comm.rank() == 0) {
    send(comm, 1, first, std::span{values});
    send(comm, 1, first, std::span{values}.first(1));
  } else {
    std::array<int, 2> room{-1, -1};
    check_throws<Truncated>([&] { receive(comm, 0, first, std::span{room}); },
                            "a message longer than the room makes the wait throw Truncated");
    const Completion next = receive(comm, 0, first, std::span{room});
    check_equal(next.bytes, sizeof(int), "a truncated message is gone, and the next one follows");
  }
}

void refuses_longer_messages_that_came_first(Communicator& comm) {
  std::array<int, 4> values{1, 2, 3, 4};
  Request sent;
  if (comm.rank() == 0) {
    sent = comm.isend(1, first, std::span{values});
    tell(comm, 1);
    wait(comm, std::move(sent));
  } else {
    hear(comm, 0);
    int room = -1;
    check_throws<Truncated>([&] { receive(comm, 0, first, value(room)); },
                            "a queued message longer than the room makes the wait throw Truncated");
  }
}

void sends_nothing(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  for (int i = 0; i < 3; ++i) {
    const Completion got = exchange(comm, first, ConstPayload{}, peer, Payload{}, peer);
    check_equal(got.bytes, 0u, "a message of no bytes is a message");
    check_equal(got.from, peer, "a message of no bytes has a sender");
  }
  std::array<int, 1> room{5};
  const Completion got =
      exchange(comm, second, std::span{room}.first(0), peer, std::span{room}, peer);
  check_equal(got.bytes, 0u, "an empty span is a message of no bytes");
  check_equal(room[0], 5, "a message of no bytes writes nothing");
}

/// The receiver posts only after it has been told that the send is complete.
void sends_eagerly(Communicator& comm) {
  std::array<int, 4> values{1, 2, 3, 4};
  if (comm.rank() == 0) {
    send(comm, 1, first, std::span{values});
    values.fill(0);
    tell(comm, 1);
  } else {
    values.fill(-1);
    hear(comm, 0);
    receive(comm, 0, first, std::span{values});
    check(values == std::array{1, 2, 3, 4}, "an eager message was copied when it left");
  }
}

void queues_eager_messages(Communicator& comm) {
  constexpr int count = 200;
  if (comm.rank() == 0) {
    for (int i = 0; i < count; ++i) send(comm, 1, first.at(i % 2), value(i));
    tell(comm, 1);
  } else {
    hear(comm, 0);
    for (int parity : {1, 0})
      for (int i = parity; i < count; i += 2) {
        int got = -1;
        receive(comm, 0, first.at(parity), value(got));
        check_equal(got, i, "queued messages of one step keep their order");
      }
  }
}

/// One byte more than the limit waits for the receiver; as long as the limit does not.
void waits_for_the_receiver(Communicator& comm) {
  std::array<char, 17> values{};
  const std::span<char> whole{values}, eager = whole.first(16);
  if (comm.rank() == 0) {
    send(comm, 1, first, eager);
    Request sent = comm.isend(1, second, whole);
    check(!wait_until(comm, sent, comm.now() + Seconds{0.05}),
          "above the eager limit a send does not complete before the receive is posted");
    tell(comm, 1);
    wait(comm, std::move(sent));
  } else {
    hear(comm, 0);
    receive(comm, 0, second, whole);
    receive(comm, 0, first, eager);
  }
}

void completes_both_sides_together(Communicator& comm) {
  std::vector<int> values(100000, comm.rank());
  if (comm.rank() == 0) {
    Request sent = comm.isend(1, first, std::span{values});
    hear(comm, 1);
    const double bound = 1e-9 + comm.now().count();
    wait(comm, std::move(sent));
    check(comm.now().count() <= bound, "a rendezvous send is complete when its receive is");
  } else {
    pause(comm, Seconds{1.0});
    receive(comm, 0, first, std::span{values});
    check_equal(values.back(), 0, "the payload arrived");
    tell(comm, 0);
  }
}

void exchanges_without_deadlock(Communicator& comm) {
  // Everybody sends first, all the way round: only non-blocking sends survive this.
  const int n = comm.size();
  std::vector<std::int32_t> out(50000, comm.rank()), in(50000, -1);
  const Rank right = (comm.rank() + 1) % n, left = (comm.rank() + n - 1) % n;
  Request sent = comm.isend(right, first, std::span{out});
  receive(comm, left, first, std::span{in});
  wait(comm, std::move(sent));
  check(in == std::vector<std::int32_t>(50000, left), "a ring of sends is received");
}

void serves_open_tags(Communicator& comm) {
  constexpr Tag open = Tag::open(3);
  constexpr int count = 20;
  if (comm.rank() != 0) {
    for (int i = 0; i < count; ++i) send(comm, 0, open, value(i));
    return;
  }
  std::vector<int> next(static_cast<std::size_t>(comm.size()), 0);
  for (int i = 0; i < count * (comm.size() - 1); ++i) {
    int got = -1;
    const Completion done = receive(comm, any_rank, open, value(got));
    check(0 < done.from && done.from < comm.size(), "an open receive tells who sent");
    check_equal(got, next[static_cast<std::size_t>(done.from)]++,
                "messages of one sender on an open tag keep their order");
  }
}

/// Rank 1, then 3, then 2; the receives are posted afterwards.
void serves_open_tags_in_order_of_arrival(Communicator& comm) {
  constexpr Tag open = Tag::open(3);
  int x = comm.rank();
  if (comm.rank() == 0) {
    for (const Rank sender : {1, 3, 2}) {
      tell(comm, sender);
      hear(comm, sender);
    }
    for (const Rank sender : {1, 3, 2}) {
      const Completion got = receive(comm, any_rank, open, value(x));
      check_equal(got.from, sender, "an open tag is one queue: first come, first served");
    }
  } else {
    hear(comm, 0);
    send(comm, 0, open, value(x));
    tell(comm, 0);
  }
}

constexpr Bytes none{0}, some{4096};
constexpr ContractCase table[] = {
    {"KeepsMessagesOfOnePairAndTagInOrder", 2, none, false, keeps_order},
    {"KeepsEagerMessagesOfOnePairAndTagInOrder", 2, some, false, keeps_order},
    {"ServesReceivesInOrderOfPosting", 2, none, false, keeps_order_of_posted_receives},
    {"ServesReceivesInOrderOfPostingWhenEager", 2, some, false, keeps_order_of_posted_receives},
    {"MatchesByTagNotByArrival", 2, none, false, matches_tags_not_arrival},
    {"MatchesBySenderNotByArrival", 3, none, false, matches_senders_not_arrival},
    {"KeepsLateMessagesOfOtherStepsApart", 2, none, false, keeps_steps_apart},
    {"SendsToItself", 1, none, false, sends_to_itself},
    {"SendsToItselfEagerly", 1, some, false, sends_to_itself},
    {"TellsWhoSentHowMuch", 2, none, false, tells_what_arrived},
    {"TakesAMessageShorterThanTheRoom", 2, none, false, takes_shorter_messages},
    {"RefusesAMessageLongerThanTheRoom", 2, none, false, refuses_longer_messages},
    {"RefusesAnEagerMessageLongerThanTheRoom", 2, some, false, refuses_longer_messages},
    {"RefusesAQueuedMessageLongerThanTheRoom", 2, none, false,
     refuses_longer_messages_that_came_first},
    {"SendsMessagesOfNoBytes", 2, none, false, sends_nothing},
    {"CompletesAnEagerSendBeforeItsReceiveIsPosted", 2, some, false, sends_eagerly},
    {"QueuesEagerMessagesByStep", 2, some, false, queues_eager_messages},
    {"HoldsALongSendUntilItsReceiveIsPosted", 2, Bytes{16}, false, waits_for_the_receiver},
    {"CompletesBothSidesOfALongMessageTogether", 2, Bytes{16}, true, completes_both_sides_together},
    {"SendsRoundARingWithoutDeadlock", 4, none, false, exchanges_without_deadlock},
    {"ServesOpenTagsOfManySenders", 4, none, false, serves_open_tags},
    {"ServesOpenTagsOfManySendersEagerly", 4, some, false, serves_open_tags},
    {"ServesOpenTagsInOrderOfArrival", 4, some, false, serves_open_tags_in_order_of_arrival},
};

}  // namespace

std::span<const ContractCase> matching_cases() { return table; }

}  // namespace troupe::contract
