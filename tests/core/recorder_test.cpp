#include "core/recorder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/loopback.hpp"
#include "core/subset.hpp"

namespace troupe {
namespace {

constexpr Tag data{3};
using Kind = RecordedEvent::Kind;
using State = RecordedEvent::State;

TEST(Recorder, WritesDownMessagesAndKernels) {
  run_loopback(2, [](Communicator& comm) {
    RecordedRank log;
    Recorder recorder{comm, log};
    std::vector<float> out(10), in(20);
    const Rank peer = 1 - comm.rank();
    exchange(recorder, data.at(4), std::span{out}, peer, std::span{in}, peer);
    compute(recorder, Scale{2, std::span{out}});
    EXPECT_EQ(log.messages_sent(), 1u);
    EXPECT_EQ(log.bytes_sent(), 40u);
    EXPECT_EQ(log.kernels(), 1u);
    EXPECT_EQ(log.work().flops.value, 10);
    const std::vector<RecordedEvent> events = log.events();
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].kind, Kind::receive);
    EXPECT_EQ(events[0].bytes, 40u);  // what came, not the room of 80
    EXPECT_EQ(events[1].kind, Kind::send);
    EXPECT_EQ(events[1].peer, peer);
    EXPECT_EQ(events[1].tag, data.at(4).in(Context{}));
    EXPECT_EQ(events[2].kind, Kind::kernel);
    EXPECT_EQ(events[2].kernel, "Scale");
    for (const RecordedEvent& event : events) {
      EXPECT_EQ(event.state, State::complete);
      EXPECT_GE(event.completed, event.issued);
    }
  });
}

TEST(Recorder, SeesDroppedAndFailedRequests) {
  run_loopback(1, [](Communicator& comm) {
    RecordedRank log;
    Recorder recorder{comm, log};
    std::array<int, 2> x{};
    { const Request dropped = recorder.irecv(0, data, value(x[0])); }
    Request sent = recorder.isend(0, data, std::span{x});
    int room = 0;
    EXPECT_THROW(receive(recorder, 0, data, value(room)), Truncated);
    wait(recorder, std::move(sent));
    const auto events = log.events();
    EXPECT_EQ(events[0].state, State::dropped);
    EXPECT_EQ(events[1].state, State::complete);
    EXPECT_EQ(events[2].state, State::failed);
  });
}

TEST(Recorder, RecordsFlowsAndGroupsIntoOneLog) {
  run_loopback(3, [](Communicator& comm) {
    RecordedRank log;
    Recorder recorder{comm, log};
    if (comm.rank() == 0) return;
    Subset group{recorder, {1, 2}, 7};
    int out = 1, in = 0;
    const Rank peer = 1 - group.rank();
    exchange(group, data, value(out), peer, value(in), peer);
    WaitSet flows;
    for (int i = 0; i < 8; ++i)
      flows.add(group.spawn([peer](Communicator& flow) {
        int mine = 0, theirs = 0;
        exchange(flow, data, value(mine), peer, value(theirs), peer);
      }));
    wait_all(group, flows);
    EXPECT_EQ(log.messages_sent(), 9u);
    EXPECT_EQ(log.bytes_sent(), 36u);
    const auto events = log.events();
    EXPECT_EQ(events.size(), 2u + 8u + 16u);
    EXPECT_EQ(events[1].peer, 3 - comm.rank())
        << "a recorder counts ranks as its communicator does";
    EXPECT_EQ(events[1].tag.context(), Context{}.subset(7));
  });
}

TEST(Recorder, KeepsAsManyAsThereIsRoomForAndSaysSince) {
  run_loopback(1, [](Communicator& comm) {
    RecordedRank log{2};
    Recorder recorder{comm, log};
    std::vector<float> values(8);
    Seconds before{};
    for (int i = 0; i < 5; ++i) {
      if (i == 2) before = comm.now();
      compute(recorder, Scale{2, std::span{values}});
    }
    EXPECT_EQ(log.events().size(), 2u);
    EXPECT_EQ(log.kernels(), 5u);
    EXPECT_EQ(log.left_out(), 3u);
    EXPECT_GE(log.first_left_out(), before);
    EXPECT_LE(log.first_left_out(), comm.now());
  });
}

TEST(Recorder, CountsWithoutEvents) {
  run_loopback(1, [](Communicator& comm) {
    RecordedRank log{/*keeps_events=*/false};
    Recorder recorder{comm, log};
    Request sent = recorder.isend(0, data, Slice::phantom(25));
    receive(recorder, 0, data, Slice::phantom(25));
    wait(recorder, std::move(sent));
    EXPECT_EQ(log.bytes_sent(), 100u);
    EXPECT_TRUE(log.events().empty());
  });
}

}  // namespace
}  // namespace troupe
