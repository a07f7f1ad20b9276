#include "core/forwarding.hpp"

#include <gtest/gtest.h>

#include <array>

#include "core/loopback.hpp"
#include "core/recorder.hpp"

namespace troupe {
namespace {

constexpr Tag tag{1};

/// A world that exchanges, waits and computes at once.
class AtOnce final : public ForwardingCommunicator {
 public:
  explicit AtOnce(Communicator& world) : ForwardingCommunicator{world} {}
  Request spawn(Task task) override { return inner().spawn(decorated<AtOnce>(std::move(task))); }
  int at_once = 0;

 private:
  Completion do_wait(Request& request) override {
    ++at_once;
    return wait(inner(), std::move(request));
  }
  Completion do_exchange(const Tag& in, const ConstPayload& outgoing, Rank to, const Payload& room,
                         Rank from) override {
    ++at_once;
    return exchange(inner(), in, outgoing, to, room, from);
  }
  void do_compute(Kernel&& kernel) override {
    ++at_once;
    compute(inner(), std::move(kernel));
  }
};

TEST(Forwarding, LetsNoWorldDoAtOnceWhatADecoratorIsToSee) {
  run_loopback(2, [](Communicator& comm) {
    AtOnce world{comm};
    RecordedRank log;
    Recorder recorder{world, log};
    const Rank peer = 1 - comm.rank();
    std::array<float, 1> mine{static_cast<float>(comm.rank())}, other{-1};
    const auto exchange_and_compute = [&](Communicator& with) {
      exchange(with, tag, std::span{mine}, peer, std::span{other}, peer);
      compute(with, Scale{2, std::span{other}});
      EXPECT_EQ(other[0], static_cast<float>(2 * peer));
    };
    exchange_and_compute(recorder);
    EXPECT_EQ(log.messages_sent(), 1u);
    EXPECT_EQ(log.kernels(), 1u);
    EXPECT_EQ(world.at_once, 0);
    exchange_and_compute(world);
    EXPECT_EQ(world.at_once, 2);
  });
}

TEST(Forwarding, PassesOnWhatADecoratorLeavesAlone) {
  run_loopback(2, [](Communicator& comm) {
    AtOnce world{comm};
    EXPECT_EQ(world.rank(), comm.rank());
    EXPECT_EQ(world.size(), 2);
    EXPECT_EQ(world.context(), comm.context());
    const Seconds before = comm.now(), told = world.now(), after = comm.now();
    EXPECT_LE(before, told);
    EXPECT_LE(told, after);
    int room = 0;
    Request never = world.irecv(comm.rank(), tag, value(room));
    EXPECT_FALSE(wait_until(world, never, before + Seconds{0.001}));
    EXPECT_GE((comm.now() - before).count(), 0.001);
  });
}

}  // namespace
}  // namespace troupe
