// The timeline: the phases of Horovod's, in their order, as a trace that Chrome reads.

#include "algorithms/horovod/timeline.hpp"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "algorithms/horovod/horovod.hpp"
#include "core/loopback.hpp"

namespace troupe::algorithms::horovod {
namespace {

using testing::ElementsAre;

using Names = std::vector<std::string>;

/// The names of the phases of each tensor on one rank; that they follow each other is checked.
std::map<std::string, Names> phases_of(const Timeline& timeline, Rank rank) {
  std::map<std::string, Names> names;
  std::map<std::string, Seconds> ends;
  for (const Phase& phase : timeline.phases()) {
    if (phase.rank != rank) continue;
    EXPECT_LE(phase.begin, phase.end) << phase.name;
    if (names.contains(phase.tensor)) {
      EXPECT_GE(phase.begin, ends[phase.tensor]) << phase.name;
    }
    names[phase.tensor].push_back(phase.name);
    ends[phase.tensor] = phase.end;
  }
  return names;
}

TEST(Timeline, HasThePhasesOfEveryTensorOnEveryRank) {
  Timeline timeline;
  run_loopback(3, [&](Communicator& comm) {
    Options options;
    options.timeline = &timeline;
    Horovod hvd{comm, options};
    const Tensor one{{1}, std::vector<float>{1}};
    hvd.allreduce(one, "alone");
    hvd.grouped_allreduce(std::vector<TensorView>{one, one}, "pair");
    hvd.allgather(one, "rows");
    hvd.broadcast(one, 0, "weights");
  });
  const Names alone{"NEGOTIATE_ALLREDUCE", "QUEUE", "ALLREDUCE"};
  const Names fused{"NEGOTIATE_ALLREDUCE", "QUEUE", "MEMCPY_IN_FUSION_BUFFER", "ALLREDUCE",
                    "MEMCPY_OUT_FUSION_BUFFER"};
  for (Rank rank = 0; rank < 3; ++rank)
    EXPECT_EQ(
        phases_of(timeline, rank),
        (std::map<std::string, Names>{{"alone", alone},
                                      {"pair.0", fused},
                                      {"pair.1", fused},
                                      {"rows", {"NEGOTIATE_ALLGATHER", "QUEUE", "ALLGATHER"}},
                                      {"weights", {"NEGOTIATE_BROADCAST", "QUEUE", "BROADCAST"}}}));
}

TEST(Timeline, EndsWithTheNegotiationWhereARankIsMissing) {
  Timeline timeline;
  run_loopback(2, [&](Communicator& comm) {
    Options options;
    options.timeline = &timeline;
    Horovod hvd{comm, options};
    if (comm.rank() == 0) {
      EXPECT_THROW(hvd.allreduce(Tensor{{1}, std::vector<float>{1}}, "x"), PeerLost);
    }
  });
  EXPECT_THAT(phases_of(timeline, 0)["x"], ElementsAre("NEGOTIATE_ALLREDUCE", "QUEUE"));
  EXPECT_TRUE(phases_of(timeline, 1).empty());
}

TEST(Timeline, IsATraceThatParses) {
  Timeline timeline;
  timeline.add({1, "a \"b\"\\\n\t", "ALLREDUCE", Seconds{1e-6}, Seconds{3.5e-6}});
  timeline.add({1, "c", "QUEUE", Seconds{0}, Seconds{1}});
  timeline.add({1, "c", "ALLREDUCE", Seconds{1}, Seconds{2}});
  const auto events = nlohmann::json::parse(timeline.chrome_trace())["traceEvents"];
  ASSERT_EQ(events.size(), 5u);  // two of them name a thread
  EXPECT_EQ(events[0]["args"]["name"], "a \"b\"\\\n\t");
  EXPECT_EQ(
      events[1],
      (nlohmann::json{
          {"name", "ALLREDUCE"}, {"ph", "X"}, {"pid", 1}, {"tid", 1}, {"ts", 1.0}, {"dur", 2.5}}));
  EXPECT_EQ(events[2]["args"]["name"], "c");
  EXPECT_EQ(events[4]["tid"], 2);
  EXPECT_EQ(nlohmann::json::parse(Timeline{}.chrome_trace())["traceEvents"].size(), 0u);
}

}  // namespace
}  // namespace troupe::algorithms::horovod
