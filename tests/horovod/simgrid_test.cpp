// The same in the simulated world: the article's examples, and what takes how long. One simulation
// a process.

#include <gmock/gmock.h>

#include <map>
#include <mutex>

#include "algorithms/horovod/horovod.hpp"
#include "horovod/examples.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms::horovod {
namespace {

using testing::ElementsAre;

/// Hosts that take 1e-10 s a flop; links of 2 µs and 1 GB/s.
test::Star star_of(int ranks) { return {.ranks = ranks, .processor = {.speed = {1e10}}}; }

class SimulatedArticle : public testing::TestWithParam<std::string> {};
std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const tests::Example& example : tests::horovod_examples()) names.emplace_back(example.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Example, SimulatedArticle, testing::ValuesIn(names()),
                         [](const auto& one) { return one.param; });

TEST_P(SimulatedArticle, RunsOnTheSimulatedNetwork) {
  for (const tests::Example& example : tests::horovod_examples())
    if (example.name == GetParam()) test::run_on(star_of(5), example.run);
}

/// Messages and bytes that rank 0 of four sends for a hundred sums of a megabyte, begun together.
std::pair<std::uint64_t, std::uint64_t> sent_for_a_hundred(Bytes threshold) {
  std::pair<std::uint64_t, std::uint64_t> sent;
  test::run_on(star_of(4), [&](Communicator& comm) {
    Options options;
    options.fusion_threshold = threshold;
    Horovod hvd{comm, options};
    std::vector<Handle> handles;
    for (int i = 0; i < 100; ++i)
      handles.push_back(hvd.allreduce_async(Tensor::phantom({250, 1000}, Dtype::float32),
                                            "gradient " + std::to_string(i)));
    for (Handle& handle : handles)
      EXPECT_EQ(hvd.synchronize(std::move(handle)).shape(), (Shape{250, 1000}));
    if (comm.rank() == 0) sent = {hvd.data_sent().messages_sent(), hvd.data_sent().bytes_sent()};
  });
  return sent;
}

constexpr std::uint64_t ring_of_4 = 6;                             // messages of one ring allreduce
constexpr std::uint64_t bytes_of_a_hundred = 100'000'000 * 6 / 4;  // 2(P−1)/P · M

TEST(SimulatedHorovod, SendsAHundredTensorsInTenAllreduces) {
  EXPECT_EQ(sent_for_a_hundred(Bytes{10'000'000}), std::pair(10 * ring_of_4, bytes_of_a_hundred));
}
TEST(SimulatedHorovod, SendsAHundredTensorsInAHundredAllreducesWithoutFusion) {
  EXPECT_EQ(sent_for_a_hundred(Bytes{0}), std::pair(100 * ring_of_4, bytes_of_a_hundred));
}
TEST(SimulatedHorovod, SendsAHundredTensorsInOneAllreduceByDefault) {
  EXPECT_EQ(sent_for_a_hundred(Options{}.fusion_threshold),
            std::pair(1 * ring_of_4, bytes_of_a_hundred));
}

TEST(SimulatedHorovod, WarnsAfterSixtySimulatedSeconds) {
  std::vector<std::string> warnings;
  Seconds at{};
  test::run_on(star_of(4), [&](Communicator& comm) {
    Options options;
    options.on_stall = [&](const StallWarning& warning) {
      warnings.push_back(warning.text());
      at = comm.now();
    };
    Horovod hvd{comm, options};
    if (comm.rank() == 1 || comm.rank() == 3)  // 70 s of work
      compute(comm, Opaque{{}, {}, {.flops = {7e11}, .bytes = {}}, [] {}});
    const Tensor tensor{{1}, std::vector<double>{1}};
    EXPECT_EQ(hvd.allreduce(tensor, "layer 1").to_vector<double>(), std::vector<double>{1});
  });
  EXPECT_THAT(warnings, ElementsAre("allreduce \"layer 1\" was announced 60 s ago, and not yet by "
                                    "ranks 1, 3"));
  EXPECT_NEAR(at.count(), 60.001, 1e-4);  // a cycle, and a minute
}

/// Seconds for 50 MB over two ranks and 0.1 s of work, begun before or after it.
double seconds_of_a_step(bool overlaps, bool phantom) {
  double seconds = 0;
  test::run_on(star_of(2), [&](Communicator& comm) {
    Horovod hvd{comm};
    const Tensor gradient = phantom ? Tensor::phantom({12'500'000}, Dtype::float32)
                                    : Tensor{{12'500'000}, Dtype::float32};
    const Opaque work{{}, {}, {.flops = {1e9}, .bytes = {}}, [] {}};
    const Seconds begin = comm.now();
    Handle handle = hvd.allreduce_async(gradient, "gradient", {.op = ReduceOp::sum});
    if (!overlaps) hvd.synchronize(std::move(handle));
    compute(comm, work);
    if (overlaps) hvd.synchronize(std::move(handle));
    seconds = std::max(seconds, (comm.now() - begin).count());
  });
  return seconds;
}

// The ring of two sends 25 MB twice at 1 GB/s and adds 6.25 M values at 1e10/s, once a cycle of 1
// ms is over and a few short messages have been exchanged.
constexpr double communication = 0.001 + 2 * (0.025 + 2e-6) + 0.000625;
constexpr double negotiation = 2e-5;

TEST(SimulatedHorovod, OverlapsWorkWithCommunication) {
  EXPECT_NEAR(seconds_of_a_step(true, true), 0.1, 1e-9);
}
TEST(SimulatedHorovod, AddsWorkAndCommunicationWhereTheCallerWaits) {
  EXPECT_NEAR(seconds_of_a_step(false, true), 0.1 + communication, negotiation);
}
TEST(SimulatedHorovod, TakesAsLongWithValues) {
  EXPECT_NEAR(seconds_of_a_step(false, false), 0.1 + communication, negotiation);
}

TEST(SimulatedHorovod, TellsTheTimelineSimulatedTimes) {
  Timeline timeline;
  double busy[2];
  test::run_on(star_of(2), [&](Communicator& comm) {
    Options options;
    options.timeline = &timeline;
    Horovod hvd{comm, options};
    if (comm.rank() == 1)  // half a second late
      compute(comm, Opaque{{}, {}, {.flops = {5e9}, .bytes = {}}, [] {}});
    const Seconds begin = comm.now();
    hvd.allreduce(Tensor::phantom({12'500'000}, Dtype::float32), "gradient", {.op = ReduceOp::sum});
    busy[comm.rank()] = (comm.now() - begin).count();
  });
  double told[2] = {0, 0};
  for (const Phase& phase : timeline.phases())
    told[phase.rank] += (phase.end - phase.begin).count();
  for (const int rank : {0, 1}) EXPECT_NEAR(told[rank], busy[rank], negotiation) << rank;
  std::vector<double> seconds;  // of rank 0
  for (const Phase& phase : timeline.phases())
    if (phase.rank == 0) seconds.push_back((phase.end - phase.begin).count());
  ASSERT_EQ(seconds.size(), 3u);
  EXPECT_NEAR(seconds[0], 0.5 + 0.001, negotiation);            // NEGOTIATE_ALLREDUCE
  EXPECT_EQ(seconds[1], 0);                                     // QUEUE
  EXPECT_NEAR(seconds[2], communication - 0.001, negotiation);  // ALLREDUCE
}

TEST(SimulatedHorovod, SaysWhatARankMissesInsteadOfHanging) {
  std::map<Rank, std::string> told;
  test::run_on(star_of(3), [&](Communicator& comm) {
    Horovod hvd{comm};
    try {
      if (comm.rank() != 2) hvd.allreduce(Tensor{{1}, std::vector<float>{1}}, "x");
      hvd.shutdown();
    } catch (const PeerLost& error) {
      told[comm.rank()] = error.what();
    }
  });
  ASSERT_EQ(told.size(), 3u);
  for (const auto& [rank, text] : told)
    EXPECT_EQ(text, "allreduce \"x\": rank 2 shut down without announcing it");
}

}  // namespace
}  // namespace troupe::algorithms::horovod
