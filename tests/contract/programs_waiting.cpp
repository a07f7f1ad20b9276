// What a wait returns, in which order, and what a deadline leaves behind.

#include <algorithm>
#include <array>
#include <vector>

#include "contract/contract.hpp"

namespace troupe::contract {

namespace {

constexpr Tag data{1}, reply{2};

/// The senders are let go one after the other, so that completion runs against the order of issue.
void returns_first_completed(Communicator& comm) {
  if (comm.rank() != 0) {
    int x = comm.rank();
    hear(comm, 0);
    send(comm, 0, data, value(x));
    return tell(comm, 0);
  }
  std::array<int, 4> values{};
  WaitSet set;
  for (const Rank from : {1, 2, 3})
    set.put(static_cast<std::size_t>(from),
            comm.irecv(from, data, value(values[static_cast<std::size_t>(from)])));
  for (const Rank from : {3, 1, 2}) {
    tell(comm, from);
    hear(comm, from);
    pause(comm);
  }
  for (const Rank from : {3, 1, 2}) {
    const Completion done = *comm.wait_any(set);
    check_equal(done.index, static_cast<std::size_t>(from),
                "a wait returns what completed first, not the lowest index");
    check_equal(done.from, from, "a completion names the sender");
    check_equal(values[done.index], from, "what has completed has arrived");
  }
  check(set.empty(), "what a wait returns is taken out of its set");
}

/// Requests and replies; `turns` per worker. Returns how often each worker was served, in order.
std::vector<Rank> serve(Communicator& comm, int turns) {
  std::vector<Rank> served;
  const int workers = comm.size() - 1;
  std::vector<int> values(static_cast<std::size_t>(comm.size()));
  const auto slot = [&](Rank worker) { return value(values[static_cast<std::size_t>(worker)]); };
  WaitSet set;
  for (Rank worker = 1; worker <= workers; ++worker)
    set.put(static_cast<std::size_t>(worker), comm.irecv(worker, data, slot(worker)));
  while (!set.empty()) {
    const Completion done = *comm.wait_any(set);
    served.push_back(done.from);
    check_equal(done.index, static_cast<std::size_t>(done.from), "an index is the caller's choice");
    send(comm, done.from, reply, slot(done.from));
    if (std::ranges::count(served, done.from) < turns)
      set.put(done.index, comm.irecv(done.from, data, slot(done.from)));
  }
  return served;
}
void work_for_server(Communicator& comm, int turns) {
  for (int i = 0; i < turns; ++i) {
    int answer = -1;
    send(comm, 0, data, value(i));
    receive(comm, 0, reply, value(answer));
    check_equal(answer, i, "a worker gets the reply to its own request");
  }
}

void serves_everybody(Communicator& comm) {
  constexpr int turns = 200;
  if (comm.rank() != 0) return work_for_server(comm, turns);
  const std::vector<Rank> served = serve(comm, turns);
  check_equal(served.size(), static_cast<std::size_t>(turns * (comm.size() - 1)),
              "every request of every worker is served");
}

void serves_evenly(Communicator& comm) {
  constexpr int turns = 100;
  if (comm.rank() != 0) return work_for_server(comm, turns);
  std::vector<int> count(static_cast<std::size_t>(comm.size()), 0);
  for (const Rank worker : serve(comm, turns)) {
    ++count[static_cast<std::size_t>(worker)];
    const auto [least, most] = std::minmax_element(count.begin() + 1, count.end());
    check(*most - *least <= 2, "equally fast workers are served equally often at any time");
  }
}

void keeps_requests_after_a_deadline(Communicator& comm) {
  int x = 42;
  if (comm.rank() == 1) {
    hear(comm, 0);
    return send(comm, 0, data, value(x));
  }
  x = -1;
  Request coming = comm.irecv(1, data, value(x));
  const Seconds end = comm.now() + Seconds{0.02};
  check(!wait_until(comm, coming, end), "a deadline passes when nothing has completed");
  check(comm.now() >= end, "a wait does not give up before its deadline");
  check(static_cast<bool>(coming), "after a deadline the request is still active");
  tell(comm, 1);
  const Completion done = wait(comm, std::move(coming));
  check_equal(x, 42, "a later wait for the same request succeeds");
  check_equal(done.from, 1, "a later wait tells the sender");
}

void keeps_sends_after_a_deadline(Communicator& comm) {
  std::vector<int> values(1000, comm.rank());
  if (comm.rank() == 0) {
    Request sent = comm.isend(1, data, std::span{values});
    check(!wait_until(comm, sent, comm.now() + Seconds{0.01}), "nobody has received yet");
    check(!wait_until(comm, sent, comm.now() + Seconds{0.01}), "nobody has received yet");
    tell(comm, 1);
    wait(comm, std::move(sent));
  } else {
    hear(comm, 0);
    receive(comm, 0, data, std::span{values});
    check(values == std::vector<int>(1000, 0), "a send that outlived two deadlines arrives whole");
  }
}

void returns_what_came_before_the_deadline(Communicator& comm) {
  int a = comm.rank(), b = comm.rank();
  if (comm.rank() != 0) {
    if (comm.rank() == 2) hear(comm, 0);
    return send(comm, 0, data, value(a));
  }
  WaitSet set;
  set.put(1, comm.irecv(1, data, value(a)));
  set.put(2, comm.irecv(2, data, value(b)));
  const auto done = comm.wait_any(set, comm.now() + Seconds{3600});
  check(done && done->from == 1, "a deadline far away does not delay what completes");
  check(!comm.wait_any(set, comm.now() + Seconds{0.01}), "the other request is still waited for");
  check(set.active(2) && set.size() == 1, "after a deadline the set is as it was");
  tell(comm, 2);
  check_equal(comm.wait_any(set)->from, 2, "a request in a set survives a deadline");
}

void looks_without_waiting(Communicator& comm) {
  int x = 5;
  if (comm.rank() == 1) return send(comm, 0, data, value(x));
  x = -1;
  WaitSet set;
  set.add(comm.irecv(1, data, value(x)));
  while (!comm.wait_any(set, comm.now())) pause(comm, Seconds{0.001});
  check_equal(x, 5, "a wait with a deadline that has passed looks at what is ready");
  set.add(comm.irecv(1, data, value(x)));
  check(!comm.wait_any(set, Seconds{0}), "and returns nothing where nothing is");
}

void finds_what_is_complete_already(Communicator& comm) {
  int x = 3;
  if (comm.rank() == 1) {
    send(comm, 0, data, value(x));
    return tell(comm, 0);
  }
  Request coming = comm.irecv(1, data, value(x));
  hear(comm, 1);
  pause(comm);
  WaitSet set;
  set.add(std::move(coming));
  check(comm.wait_any(set, comm.now() + Seconds{10}).has_value(),
        "a request that completed before it was put into a set is ready there");
}

void takes_requests_out(Communicator& comm) {
  int a = 1, b = 2;
  if (comm.rank() == 1) {
    send(comm, 0, data, value(a));
    return send(comm, 0, reply, value(b));
  }
  WaitSet set;
  set.put(7, comm.irecv(1, data, value(a)));
  set.put(3, comm.irecv(1, reply, value(b)));
  Request taken = set.take(7);
  check(taken && !set.active(7) && set.size() == 1, "a request can be taken out of its set");
  check(!set.take(7), "nothing is taken where nothing is");
  wait(comm, std::move(taken));
  check_equal(comm.wait_any(set)->index, 3u, "the others stay");
}

void survives_a_failed_request(Communicator& comm) {
  std::array<int, 3> values{1, 2, 3};
  if (comm.rank() == 1) {
    send(comm, 0, data, std::span{values});
    hear(comm, 0);
    return send(comm, 0, reply, std::span{values});
  }
  int small = 0;
  values.fill(0);
  WaitSet set;
  set.add(comm.irecv(1, data, value(small)));
  set.add(comm.irecv(1, reply, std::span{values}));
  check_throws<Truncated>([&] { comm.wait_any(set); }, "a failed request throws from the wait");
  check_equal(set.size(), 1u, "a failed request is taken out, the others stay");
  tell(comm, 1);
  check_equal(comm.wait_any(set)->index, 1u, "the others complete");
  check_equal(values[2], 3, "and bring their values");
}

void carries_many_requests(Communicator& comm) {
  constexpr std::size_t count = 5000;
  const Rank peer = 1 - comm.rank();
  std::vector<std::int32_t> out(count), in(count, -1);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int32_t>(i);
  WaitSet set;
  for (std::size_t i = 0; i < count; ++i) set.add(comm.irecv(peer, data, value(in[i])));
  for (std::size_t i = 0; i < count; ++i) set.add(comm.isend(peer, data, value(out[i])));
  std::vector<bool> seen(2 * count, false);
  while (!set.empty()) {
    const std::size_t index = comm.wait_any(set)->index;
    check(!seen[index], "every request completes once");
    seen[index] = true;
  }
  check(in == out, "thousands of requests at once keep their order");
}

void carries_many_tags(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  constexpr std::uint32_t names = 32, steps = 32;
  std::vector<std::int32_t> out(names * steps), in(names * steps, -1);
  WaitSet set;
  for (std::uint32_t i = 0; i < names * steps; ++i) {
    out[i] = static_cast<std::int32_t>(i);
    set.add(comm.isend(peer, Tag{i / steps}.at(i % steps), value(out[i])));
  }
  for (std::uint32_t i = names * steps; i-- > 0;)
    set.add(comm.irecv(peer, Tag{i / steps}.at(i % steps), value(in[i])));
  wait_all(comm, set);
  check(in == out, "a thousand tags at once stay apart");
}

void clock_never_decreases(Communicator& comm) {
  Seconds last = comm.now();
  check(last >= Seconds{0}, "the clock counts from the beginning of the run");
  for (int i = 0; i < 50; ++i) {
    int x = i;
    int got = -1;
    exchange(comm, data, value(x), 1 - comm.rank(), value(got), 1 - comm.rank());
    check(comm.now() >= last, "the clock never decreases");
    last = comm.now();
  }
}

constexpr Bytes none{0}, some{4096};
constexpr ContractCase table[] = {
    {"ReturnsWhatCompletedFirst", 4, none, false, returns_first_completed},
    {"ReturnsWhatCompletedFirstWhenEager", 4, some, false, returns_first_completed},
    {"ServesEveryWorkerOfABusyServer", 4, none, false, serves_everybody},
    {"ServesEqualWorkersEquallyOften", 4, none, true, serves_evenly},
    {"KeepsAReceiveActiveAfterItsDeadline", 2, none, false, keeps_requests_after_a_deadline},
    {"KeepsASendActiveAfterItsDeadline", 2, none, false, keeps_sends_after_a_deadline},
    {"ReturnsWhatCompletesBeforeTheDeadline", 3, none, false,
     returns_what_came_before_the_deadline},
    {"LooksWithoutWaitingWhenTheDeadlineHasPassed", 2, none, false, looks_without_waiting},
    {"FindsWhatCompletedBeforeItWasWaitedFor", 2, some, false, finds_what_is_complete_already},
    {"LetsRequestsBeTakenOutOfASet", 2, some, false, takes_requests_out},
    {"KeepsTheOtherRequestsWhenOneFails", 2, none, false, survives_a_failed_request},
    {"CarriesThousandsOfRequestsAtOnce", 2, none, false, carries_many_requests},
    {"CarriesThousandsOfEagerRequestsAtOnce", 2, some, false, carries_many_requests},
    {"CarriesAThousandTagsAtOnce", 2, none, false, carries_many_tags},
    {"NeverTurnsItsClockBack", 2, none, false, clock_never_decreases},
};

}  // namespace

std::span<const ContractCase> waiting_cases() { return table; }

}  // namespace troupe::contract
