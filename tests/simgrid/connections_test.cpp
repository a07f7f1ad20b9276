// Messages that follow each other on the one connection of a pair, and share cables with those of
// other connections: when each is there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/simgrid/star.hpp"

namespace troupe {
namespace {

using test::arithmetic, test::run_on, test::Star;
using testing::ElementsAre;
constexpr Tag tag{1};

/// When messages of these sizes, sent by rank 0 at once to rank 1 (α 1 ms, 1 GB/s) and then one of
/// the first size to rank 2, are there; in ms.
std::vector<double> arrivals(std::vector<std::size_t> megabytes, bool one_connection,
                             bool also_to_another = false) {
  std::vector<double> at(megabytes.size());
  double of_other = 0;
  run_on({.ranks = 3,
          .alpha = Seconds{1e-3},
          .bandwidth = {1e9},
          .options = {.eager_limit = {1 << 30}},
          .one_connection = one_connection},
         [&](Communicator& comm) {
           const auto of = [&](std::size_t i) { return Slice::phantom(megabytes[i] * 250'000); };
           if (comm.rank() == 0) {
             for (std::size_t i = 0; i < at.size(); ++i) send(comm, 1, tag, of(i));
             if (also_to_another) send(comm, 2, tag, of(0));
           } else if (comm.rank() == 1) {
             for (std::size_t i = 0; i < at.size(); ++i) {
               receive(comm, 0, tag, of(i));
               at[i] = comm.now().count() * 1e3;
             }
           } else if (also_to_another) {
             receive(comm, 0, tag, of(0));
             of_other = comm.now().count() * 1e3;
           }
         });
  if (also_to_another) at.push_back(of_other);
  return at;
}
testing::Matcher<double> about(double value) { return testing::DoubleNear(value, 1e-6); }

TEST(Simulation, SharesTheCableAmongMessagesOfAPair) {
  // One millisecond of latency each; the bytes of both, half of each, until the first is there.
  EXPECT_THAT(arrivals({1, 2}, false), ElementsAre(about(1 + 2), about(1 + 3)));
}
TEST(Simulation, LetsMessagesOfOneConnectionFollowEachOther) {
  // The latency of the second passes while the first is under way.
  EXPECT_THAT(arrivals({1, 2}, true), ElementsAre(about(1 + 1), about(1 + 3)));
}
TEST(Simulation, SharesTheCableAmongConnections) {
  // Two connections, a half each, until 1 MB of each has passed; then the second of the first.
  EXPECT_THAT(arrivals({1, 2}, true, true), ElementsAre(about(1 + 2), about(1 + 4), about(1 + 2)));
}
/// When rank 0 has what each of the others sends it, megabytes from ms on; in ms.
struct Sent {
  double megabytes, from_ms;
};
std::vector<double> arrivals_at_one(const Star& star, const std::vector<Sent>& sent) {
  std::vector<double> at(sent.size());
  run_on(star, [&](Communicator& comm) {
    const auto index = static_cast<std::size_t>(comm.rank() - 1);
    if (comm.rank() > 0) {
      compute(comm, arithmetic(sent[index].from_ms * 1e6));
      send(comm, 0, tag, Slice::phantom(static_cast<std::size_t>(sent[index].megabytes * 250'000)));
      return;
    }
    std::vector<Request> all;
    for (std::size_t i = 0; i < sent.size(); ++i)
      all.push_back(comm.irecv(static_cast<Rank>(i + 1), tag, Slice::phantom(1'000'000)));
    WaitSet set;
    for (auto& request : all) set.add(std::move(request));
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const auto done = comm.wait_any(set);
      at[static_cast<std::size_t>(done->from - 1)] = comm.now().count() * 1e3;
    }
  });
  return at;
}
TEST(Simulation, ServesWhatIsQueuedBeforeAConnectionThatComesLater) {
  // Two senders of 1 GB/s into a cable of 1 GB/s: after a millisecond 2 MB have come and 1 MB has
  // been served. A third one's half megabyte comes then, within half a millisecond, in which the
  // others send as much: it has passed when 2 MB and 3 times 0.5 MB have.
  EXPECT_THAT(arrivals_at_one({.ranks = 4,
                               .alpha = Seconds{1e-3},
                               .processor = {.speed = {1e9}},
                               .options = {.eager_limit = {1 << 30}},
                               .one_connection = true},
                              {{2, 0}, {2, 0}, {0.5, 1}}),
              ElementsAre(about(1 + 4.5), about(1 + 4.5), about(1 + 3.5)));
}
TEST(Simulation, ServesConnectionsAsFastAsTheyComeIn) {
  // Of 2 GB/s and 1 GB/s the first has two thirds of the cable, until its megabyte has passed.
  EXPECT_THAT(arrivals_at_one({.ranks = 3,
                               .alpha = Seconds{1e-3},
                               .bandwidths = {{1e9}, {2e9}, {1e9}},
                               .options = {.eager_limit = {1 << 30}},
                               .one_connection = true},
                              {{1, 0}, {1, 0}}),
              ElementsAre(about(1 + 1.5), about(1 + 2)));
}
TEST(Simulation, LetsNothingQueueBehindWhatComesTheOtherWay) {
  // Of 2 MB from 2 GB/s into 1 GB/s the second waits at the far end when 1 MB sets out from there:
  // both share the slower cable, and are there when 2 MB more have passed. (First, both know the
  // way.)
  double there = 0, back = 0;
  run_on({.alpha = Seconds{1e-3},
          .bandwidths = {{2e9}, {1e9}},
          .processor = {.speed = {1e9}},
          .options = {.eager_limit = {1 << 30}},
          .one_connection = true,
          .duplex = false},
         [&](Communicator& comm) {
           const auto two = Slice::phantom(500'000), one = Slice::phantom(250'000);
           exchange(comm, tag, ConstPayload{}, 1 - comm.rank(), Payload{}, 1 - comm.rank());
           if (comm.rank() == 0) {
             Request answer = comm.irecv(1, tag, one);
             send(comm, 1, tag, two);
             wait(comm, std::move(answer));
             back = comm.now().count() * 1e3;
           } else {
             compute(comm, arithmetic(1e6));
             Request answer = comm.isend(0, tag, one);
             receive(comm, 0, tag, two);
             there = comm.now().count() * 1e3;
             wait(comm, std::move(answer));
           }
         });
  EXPECT_THAT((std::vector{there, back}), ElementsAre(about(1 + 1 + 3), about(1 + 1 + 3)));
}
TEST(Simulation, LetsAnEmptyMessageFollowOnItsConnection) {
  EXPECT_THAT(arrivals({1, 0, 1}, true), ElementsAre(about(2), about(2), about(3)));
}

}  // namespace
}  // namespace troupe
