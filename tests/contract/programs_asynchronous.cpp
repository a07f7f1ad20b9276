// Asynchronous training in small: lateness, random partners, stealing.

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <numeric>
#include <vector>

#include "contract/contract.hpp"
#include "core/random.hpp"

namespace troupe::contract {

namespace {

constexpr Tag gradient_tag{1}, weights_tag{2}, push_tag = Tag::open(3), count_tag{4},
                                               ask_tag = Tag::open(5), loot_tag{6}, total_tag{7};

/// The server waits for the last worker only until a deadline; that worker's gradient arrives one
/// step late, is applied then, and is counted.
void parameter_server(Communicator& comm) {
  constexpr std::size_t steps = 5;
  const Rank straggler = comm.size() - 1;
  const auto at = [](std::size_t step) { return static_cast<std::int64_t>(step); };
  if (comm.rank() != 0) {
    for (std::size_t step = 0; step < steps; ++step) {
      std::int32_t weights = 0;
      receive(comm, 0, weights_tag.at(at(step)), value(weights));
      if (comm.rank() == straggler) hear(comm, 0);
      std::int32_t gradient = comm.rank() * static_cast<std::int32_t>(step + 1);
      send(comm, 0, gradient_tag.at(at(step)), value(gradient));
    }
    return;
  }
  std::array<std::int32_t, steps> published{}, late_gradient{};
  std::int32_t weights = 0, expected = 0;
  int late = 0;
  Request late_request;
  WaitSet publications;
  for (std::size_t step = 0; step < steps; ++step) {
    published[step] = weights;
    for (Rank worker = 1; worker <= straggler; ++worker)
      publications.add(comm.isend(worker, weights_tag.at(at(step)), value(published[step])));

    std::vector<std::int32_t> gradients(static_cast<std::size_t>(straggler));
    WaitSet prompt;
    for (Rank worker = 1; worker < straggler; ++worker)
      prompt.put(static_cast<std::size_t>(worker),
                 comm.irecv(worker, gradient_tag.at(at(step)),
                            value(gradients[static_cast<std::size_t>(worker)])));
    while (!prompt.empty()) weights += gradients[comm.wait_any(prompt)->index];
    for (Rank worker = 1; worker < straggler; ++worker)
      expected += worker * static_cast<std::int32_t>(step + 1);
    if (late_request) {
      wait(comm, std::move(late_request));
      weights += late_gradient[step - 1];
      expected += straggler * static_cast<std::int32_t>(step);
      ++late;
    }
    check_equal(weights, expected, "a step takes what is prompt, and what the last one missed");

    late_request = comm.irecv(straggler, gradient_tag.at(at(step)), value(late_gradient[step]));
    check(!wait_until(comm, late_request, comm.now() + Seconds{0.005}),
          "a gradient that was not sent does not arrive");
    tell(comm, straggler);
  }
  wait(comm, std::move(late_request));
  wait_all(comm, publications);
  check_equal(late_gradient.back(), straggler * static_cast<int>(steps), "the last one is drained");
  check_equal(late + 1, static_cast<int>(steps), "every gradient of the straggler came late");
}

/// Push-sum with partners drawn at random: nobody knows from whom it will hear, nor how often.
void gossips(Communicator& comm) {
  constexpr std::size_t rounds = 50;
  const int n = comm.size();
  const auto at = [](Rank rank) { return static_cast<std::size_t>(rank); };
  SplitMix64 random = SplitMix64::of_rank(11, comm.rank());
  std::int64_t mass = 1'000'000 * (comm.rank() + 1), incoming = 0;
  std::vector<std::int64_t> parcels(rounds);
  std::vector<std::int32_t> pushes(at(n), 0), coming(at(n), 0);
  WaitSet all;
  int heard = 0, in_background = 0;
  const auto listen = [&] { all.put(0, comm.irecv(any_rank, push_tag, value(incoming))); };
  const auto handle = [&](const Completion& done) {
    if (done.index != 0) {
      --in_background;
      return;
    }
    mass += incoming;
    ++heard;
    listen();
  };
  const auto start = [&](Request request) {
    all.add(std::move(request));
    ++in_background;
  };
  listen();
  for (std::int64_t& parcel : parcels) {
    const auto distance = 1 + static_cast<Rank>(random.below(static_cast<std::uint64_t>(n) - 1));
    const Rank partner = (comm.rank() + distance) % n;
    parcel = mass / 2;
    mass -= parcel;
    ++pushes[at(partner)];
    start(comm.isend(partner, push_tag, value(parcel)));
    while (const auto done = comm.wait_any(all, comm.now())) handle(*done);
  }
  // Everybody tells everybody how often it has pushed, and listens until it has heard as much.
  for (Rank other = 0; other < n; ++other) {
    start(comm.isend(other, count_tag, value(pushes[at(other)])));
    start(comm.irecv(other, count_tag, value(coming[at(other)])));
  }
  while (in_background > 0 || heard < std::accumulate(coming.begin(), coming.end(), 0))
    handle(*comm.wait_any(all));

  if (comm.rank() != 0) return send(comm, 0, total_tag, value(mass));
  for (Rank other = 1; other < n; ++other) {
    std::int64_t more = 0;
    receive(comm, other, total_tag, value(more));
    mass += more;
  }
  check_equal(mass, 1'000'000 * n * (n + 1) / 2, "gossip neither loses nor makes mass");
}

/// Rank 0 has all the work; the others ask it, and each other, for half of what is left. Questions
/// are served by a flow of their own, on the tags of the parent.
void steals_work(Communicator& comm) {
  constexpr int tasks = 400;
  constexpr int stop = -1;
  const int n = comm.size();
  std::mutex mutex;  // never held across a wait
  std::deque<std::int32_t> own;
  if (comm.rank() == 0) {
    own.resize(tasks);
    std::iota(own.begin(), own.end(), 0);
  }
  const auto half_of_own = [&] {
    const std::lock_guard lock{mutex};
    const auto middle = own.begin() + static_cast<std::ptrdiff_t>((own.size() + 1) / 2);
    std::vector<std::int32_t> half(middle, own.end());
    own.erase(middle, own.end());
    return half;
  };
  Request server = comm.spawn([&, context = comm.context()](Communicator& flow) {
    for (int thief = 0;;) {
      const Completion asked = receive(flow, any_rank, ask_tag.in(context), value(thief));
      if (thief == stop) return;
      check_equal(asked.from, thief, "an open receive tells who asks");
      const std::vector<std::int32_t> loot = half_of_own();
      send(flow, thief, loot_tag.in(context), std::span{loot});
    }
  });

  SplitMix64 random = SplitMix64::of_rank(13, comm.rank());
  std::int64_t done[2] = {0, 0};  // tasks, and their sum
  const auto work = [&] {
    for (;;) {
      std::int32_t task = 0;
      {
        const std::lock_guard lock{mutex};
        if (own.empty()) return;
        task = own.front();
        own.pop_front();
      }
      compute(comm, Opaque{{}, {}, Work{{1e4}, {}}, [] {}});
      done[0] += 1;
      done[1] += task;
    }
  };
  std::vector<std::int32_t> loot(tasks);
  for (int refusals = 0; refusals < 3 * n;) {
    work();
    Rank victim =
        (comm.rank() + 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(n) - 1))) % n;
    int me = comm.rank();
    Request asked = comm.isend(victim, ask_tag, value(me));
    const Completion got = receive(comm, victim, loot_tag, std::span{loot});
    wait(comm, std::move(asked));
    const auto count = static_cast<std::ptrdiff_t>(got.bytes / sizeof loot[0]);
    if (count == 0) ++refusals;
    const std::lock_guard lock{mutex};
    own.insert(own.end(), loot.begin(), loot.begin() + count);
  }
  work();
  meet(comm);
  int enough = stop;
  Request last = comm.isend(comm.rank(), ask_tag, value(enough));
  wait_all(comm, std::move(last), std::move(server));

  if (comm.rank() != 0) return send(comm, 0, total_tag, std::span{done});
  for (Rank other = 1; other < n; ++other) {
    std::int64_t more[2] = {0, 0};
    receive(comm, other, total_tag, std::span{more});
    done[0] += more[0];
    done[1] += more[1];
  }
  check_equal(done[0], tasks, "every task is done once, whoever steals it");
  check_equal(done[1], tasks * (tasks - 1) / 2, "and none is changed on its way");
}

/// Staleness-bounded steps between neighbours: each uses the last value it has of its partner.
void exchanges_asynchronously(Communicator& comm) {
  constexpr int steps = 40, bound = 3;
  const Rank peer = 1 - comm.rank();
  std::array<std::int32_t, steps> out{}, in{};
  WaitSet sends, receives;
  for (int step = 0; step < steps; ++step)
    receives.put(static_cast<std::size_t>(step),
                 comm.irecv(peer, gradient_tag, value(in[static_cast<std::size_t>(step)])));
  int seen = 0;
  for (int step = 0; step < steps; ++step) {
    out[static_cast<std::size_t>(step)] = step;
    sends.add(comm.isend(peer, gradient_tag, value(out[static_cast<std::size_t>(step)])));
    while (seen <= step - bound) {
      const Completion done = *comm.wait_any(receives);
      check_equal(done.index, static_cast<std::size_t>(seen), "values arrive in order");
      check_equal(in[done.index], seen, "and are those of their step");
      ++seen;
    }
    while (!receives.empty() && comm.wait_any(receives, comm.now())) ++seen;
    check(seen >= step - bound, "nobody is further behind than the bound");
  }
  wait_all(comm, receives);
  wait_all(comm, sends);
}

constexpr Bytes none{0}, some{4096};
constexpr ContractCase table[] = {
    {"AppliesLateGradientsAfterADeadline", 3, none, false, parameter_server},
    {"AppliesLateEagerGradientsAfterADeadline", 4, some, false, parameter_server},
    {"GossipsWithRandomPartners", 4, none, false, gossips},
    {"GossipsEagerlyWithRandomPartners", 4, some, false, gossips},
    {"StealsWork", 4, none, false, steals_work},
    {"StealsWorkEagerly", 3, some, false, steals_work},
    {"ExchangesWithBoundedStaleness", 2, none, false, exchanges_asynchronously},
};

}  // namespace

std::span<const ContractCase> asynchronous_cases() { return table; }

}  // namespace troupe::contract
