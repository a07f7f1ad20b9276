// What the LogGP world does at once: without requests, and ahead of its clock while nothing else
// can happen to a rank. Decorators see it all the same, and it takes the time it takes otherwise.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/checked.hpp"
#include "core/faulty.hpp"
#include "core/random.hpp"
#include "core/recorder.hpp"
#include "core/subset.hpp"
#include "scenarios/counting.hpp"
#include "tests/loggp/in_seconds.hpp"
#include "tests/loggp/star.hpp"

namespace troupe {
namespace {

using test::run_on;
using test::arithmetic, test::second, test::slow, test::tight;
constexpr Tag tag{1};

/// One of each, on a ring.
void exchange_compute_and_wait(Communicator& comm) {
  const int n = comm.size();
  const Rank right = (comm.rank() + 1) % n, left = (comm.rank() + n - 1) % n;
  const Completion got = exchange(comm, tag, second, right, second, left);
  EXPECT_EQ(got.from, left);
  EXPECT_EQ(got.bytes, second.size_bytes());
  compute(comm, arithmetic(1e9));
  Request incoming = comm.irecv(left, tag, second);
  send(comm, right, tag, second.first(5));
  EXPECT_EQ(wait(comm, std::move(incoming)).bytes, 20u);
}

TEST(LogGP, TellsDecoratorsOfWhatItDoesAtOnce) {
  const test::LogGPStar star{.ranks = 3, .bandwidth = slow, .processor = {.speed = {1e9}}};
  const auto alone = run_on(star, exchange_compute_and_wait);
  scenarios::SentCounters sent;
  const auto watched = run_on(star, [&](Communicator& comm) {
    scenarios::CountingCommunicator counted{comm, sent};
    RecordedRank log;
    Recorder recorder{counted, log};
    CheckedCommunicator checked{recorder};
    Subset ring{checked, {0, 1, 2}, 1}, turned{ring, {2, 0, 1}, 2};
    exchange_compute_and_wait(turned);
    EXPECT_EQ(log.messages_sent(), 2u);
    EXPECT_EQ(log.kernels(), 1u);
    const auto events = log.events();
    ASSERT_EQ(events.size(), 5u);
    for (const RecordedEvent& event : events)
      EXPECT_EQ(event.state, RecordedEvent::State::complete);
    EXPECT_EQ(events[2].kernel, "Opaque");
    EXPECT_NEAR((events[2].completed - events[2].issued).count(), 1, tight);
  });
  EXPECT_EQ(alone.end.count(), watched.end.count());
  EXPECT_EQ(sent.messages, 6u);
  EXPECT_EQ(sent.bytes, 3 * (second.size_bytes() + 20));
  for (std::size_t rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(alone.ranks[rank].computing.count(), watched.ranks[rank].computing.count());
    EXPECT_EQ(alone.ranks[rank].messages_sent, watched.ranks[rank].messages_sent);
  }
}

TEST(LogGP, CountsWhatACountedGroupDoesAtOnce) {
  scenarios::SentCounters sent;
  run_on({.ranks = 3}, [&](Communicator& comm) {
    scenarios::CountingCommunicator counted{comm, sent};
    Subset turned{counted, {2, 0, 1}, 1};
    exchange_compute_and_wait(turned);
  });
  EXPECT_EQ(sent.messages, 6u);
}

TEST(LogGP, LetsDecoratorsRefuseWhatItWouldDoAtOnce) {
  run_on({.ranks = 2}, [](Communicator& comm) {
    CheckedCommunicator checked{comm};
    std::vector<float> x(8);
    EXPECT_THROW(
        exchange(checked, tag, std::span{x}, 1 - comm.rank(), std::span{x}, 1 - comm.rank()),
        ContractViolation);
  });
  EXPECT_THROW(run_on({.ranks = 2},
                      [](Communicator& comm) {
                        FaultyCommunicator faulty{comm, {.dead = {1}}};
                        if (comm.rank() == 0) exchange(faulty, tag, second, 1, second, 1);
                      }),
               PeerLost);
}

// ---- ahead of the world's clock

/// What a rank does in a round, drawn alike by all: alone or not, with or without requests.
void random_round(Communicator& comm, SplitMix64& random) {
  const int n = comm.size();
  const Rank me = comm.rank();
  const auto pick = [&](std::size_t below) {
    return static_cast<std::size_t>(random.below(below));
  };
  const auto shift = 1 + static_cast<int>(pick(static_cast<std::size_t>(n) - 1));
  const Rank to = (me + shift) % n, from = (me + n - shift) % n;
  std::vector<std::size_t> sizes, flops;
  std::vector<bool> by_request;
  for (int rank = 0; rank < n; ++rank) {
    sizes.push_back(1 + pick(100'000));
    flops.push_back(pick(3) == 0 ? 0 : pick(100'000'000));
    by_request.push_back(pick(3) == 0);
  }
  const auto of = [&](const auto& values, Rank rank) {
    return values[static_cast<std::size_t>(rank)];
  };
  const Slice outgoing = second.first(of(sizes, me)), incoming = second.first(of(sizes, from));
  const auto work = [&](Communicator& flow) {
    compute(flow, arithmetic(static_cast<double>(of(flops, me))));
  };
  switch (pick(5)) {
    case 0:  // every rank by itself in its own way
      if (of(by_request, me)) {
        WaitSet set;
        set.add(comm.irecv(from, tag, incoming));
        work(comm);
        set.add(comm.isend(to, tag, outgoing));
        wait_all(comm, set);
      } else {
        work(comm);
        exchange(comm, tag, outgoing, to, incoming, from);
      }
      break;
    case 1:  // many into one
      work(comm);
      if (me > 0) send(comm, 0, tag, outgoing);
      else
        for (Rank rank = 1; rank < n; ++rank) receive(comm, rank, tag, second);
      break;
    case 2: {  // on flows of its own, some with work beside
      Request flow =
          comm.spawn([&](Communicator& own) { exchange(own, tag, outgoing, to, incoming, from); });
      if (of(by_request, me)) work(comm);
      wait(comm, std::move(flow));
      break;
    }
    case 3:  // a kernel that nobody waits for at once
      if (of(by_request, me)) {
        Request kernel = comm.start(arithmetic(static_cast<double>(of(flops, me))));
        exchange(comm, tag, outgoing, to, incoming, from);
        wait(comm, std::move(kernel));
      } else {
        exchange(comm, tag, outgoing, to, incoming, from);
        work(comm);
      }
      break;
    default:  // only in step
      for (int i = 0; i < 3; ++i) {
        exchange(comm, tag, outgoing, to, incoming, from);
        work(comm);
      }
  }
}

sim::SimulationResult random_program(const test::LogGPStar& star, std::uint64_t seed,
                                     std::vector<Seconds>& times) {
  times.assign(static_cast<std::size_t>(star.ranks) * 12, {});
  return run_on(star, [&](Communicator& comm) {
    SplitMix64 random{seed};
    for (int round = 0; round < 12; ++round) {
      random_round(comm, random);
      times[static_cast<std::size_t>(comm.rank() * 12 + round)] = comm.now();
    }
  });
}

/// Nothing is eager here, but something could be: no rank runs ahead.
test::LogGPStar not_ahead(test::LogGPStar star) {
  star.options.eager_limit = {1};
  return star;
}

TEST(LogGPAhead, TakesTheTimesThatItTakesInStep) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const test::LogGPStar star{.ranks = 2 + static_cast<int>(seed % 6),
                               .ranks_per_host = seed % 5 == 0 ? 2 : 1,
                               .alpha = Seconds{1e-3},
                               .bandwidth = {5e6},
                               .with_ports = seed % 4 != 0,
                               .processor = {.speed = {1e9}}};
    std::vector<Seconds> ahead, in_step;
    const auto result = random_program(star, seed, ahead);
    const auto expected = random_program(not_ahead(star), seed, in_step);
    for (std::size_t i = 0; i < ahead.size(); ++i)
      ASSERT_EQ(ahead[i].count(), in_step[i].count()) << "seed " << seed << ", " << i;
    for (std::size_t i = 0; i < result.ranks.size(); ++i) {
      const auto &is = result.ranks[i], &should = expected.ranks[i];
      const double all = should.end.count() * tight;
      EXPECT_EQ(is.end.count(), should.end.count());
      EXPECT_EQ(is.kernels, should.kernels);
      EXPECT_EQ(is.messages_received, should.messages_received);
      EXPECT_NEAR(is.computing.count(), should.computing.count(), all) << "seed " << seed;
      EXPECT_NEAR(is.communicating.count(), should.communicating.count(), all) << "seed " << seed;
      EXPECT_NEAR(is.waiting.count(), should.waiting.count(), all) << "seed " << seed;
    }
  }
}

TEST(LogGPAhead, SaysHowFarItHadComeInADeadlock) {
  try {
    run_on({.ranks = 2, .processor = {.speed = {1e9}}}, [](Communicator& comm) {
      compute(comm, arithmetic(3e9));
      if (comm.rank() == 0) exchange(comm, tag, second, 1, second, 1);
    });
    FAIL() << "rank 1 never answers";
  } catch (const Deadlock& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("rank 0"), std::string::npos) << text;
    EXPECT_NE(text.find("at 3.00 s of simulated time"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace troupe
