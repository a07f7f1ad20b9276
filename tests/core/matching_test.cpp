#include "core/matching.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace troupe {
namespace {

struct Message : MatchNode {};
struct Receive : MatchNode {};
using Queues = MatchQueues<Message, Receive>;

MatchKey key(Rank from, Rank to, Tag tag) { return {from, to, tag.in(Context{})}; }

TEST(MatchQueues, ServeMessagesInOrder) {
  Queues queues;
  std::array<Message, 3> messages;
  Receive receive;
  for (Message& message : messages)
    EXPECT_EQ(queues.post_message(key(0, 1, Tag{1}), message), nullptr);
  EXPECT_EQ(queues.messages(), 3u);
  for (Message& message : messages)
    EXPECT_EQ(queues.post_receive(key(0, 1, Tag{1}), receive), &message);
  EXPECT_EQ(queues.messages(), 0u);
  EXPECT_FALSE(receive.is_queued());
}

TEST(MatchQueues, ServeReceivesInOrderAroundRemovedOnes) {
  Queues queues;
  std::array<Receive, 4> receives;
  Message message;
  for (Receive& receive : receives) queues.post_receive(key(0, 1, Tag{1}), receive);
  queues.remove(receives[0]);
  queues.remove(receives[2]);
  EXPECT_EQ(queues.post_message(key(0, 1, Tag{1}), message), &receives[1]);
  EXPECT_EQ(queues.post_message(key(0, 1, Tag{1}), message), &receives[3]);
  EXPECT_EQ(queues.post_message(key(0, 1, Tag{1}), message), nullptr);
  EXPECT_THROW(queues.remove(receives[0]), ContractViolation);
  queues.remove(message);
}

TEST(MatchQueues, KeepKeysApart) {
  Queues queues;
  Message message;
  Receive receive;
  const MatchKey home = key(0, 1, Tag{1});
  queues.post_message(home, message);
  for (const MatchKey& other :
       {key(1, 0, Tag{1}), key(0, 2, Tag{1}), key(0, 1, Tag{2}), key(0, 1, Tag{1}.at(1)),
        key(0, 1, Tag::open(1)), MatchKey{0, 1, Tag{1}.in(Context{}.subset(0))}}) {
    EXPECT_EQ(queues.post_receive(other, receive), nullptr);
    queues.remove(receive);
  }
  EXPECT_EQ(queues.post_receive(home, receive), &message);
}

TEST(MatchQueues, MakeOneQueueOfAllSendersOnAnOpenTag) {
  EXPECT_EQ(key(3, 1, Tag::open(2)), key(any_rank, 1, Tag::open(2)));
  EXPECT_THROW((MatchKey{0, 1, Tag{1}}), ContractViolation);
}

TEST(MatchQueues, KeepTheirOrderWhileKeysComeAndGo) {
  Queues queues;
  std::array<Message, 64> messages;
  Receive receive;
  for (int round = 0; round < 100; ++round) {
    for (std::size_t i = 0; i < messages.size(); ++i)
      queues.post_message(key(0, 1, Tag{1}.at(static_cast<int>(i % 8) + round)), messages[i]);
    std::size_t seen = 0;
    queues.for_each_message([&](const MatchKey&, Message&) { ++seen; });
    EXPECT_EQ(seen, messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
      EXPECT_EQ(queues.post_receive(key(0, 1, Tag{1}.at(static_cast<int>(i % 8) + round)), receive),
                &messages[i]);
  }
  EXPECT_EQ(queues.messages() + queues.receives(), 0u);
}

}  // namespace
}  // namespace troupe
