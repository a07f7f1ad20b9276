// The data structures of the LogGP world against simple ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "core/random.hpp"
#include "sim/loggp/agenda.hpp"
#include "sim/loggp/arrivals.hpp"
#include "sim/loggp/channels.hpp"

namespace troupe::sim::loggp {
namespace {

TEST(Agenda, GivesEventsInOrderOfTimeAndOfBeingPutDown) {
  SplitMix64 random{5};
  Agenda agenda;
  std::vector<Event> events(5000);
  std::multimap<double, const Event*> expected;  // keeps the order of insertion of equal keys
  std::vector<std::pair<double, const Event*>> got;
  std::size_t next = 0;
  double now = 0;
  const auto take = [&] {
    now = agenda.next_time();
    for (const Event* event = agenda.take(); event; event = event->next)
      got.emplace_back(now, event);
  };
  while (next < events.size()) {
    if (random.below(3) > 0 || agenda.empty()) {
      const double time = now + static_cast<double>(random.below(7));
      expected.emplace(time, &events[next]);
      agenda.add(time, events[next++]);
    } else {
      take();
    }
  }
  while (!agenda.empty()) take();
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_TRUE(std::ranges::equal(got, expected, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second == b.second;
  }));
}

TEST(Arrivals, ComeOutInOrderOfTheirHeads) {
  SplitMix64 random{6};
  std::vector<Pending> messages(1000);
  Arrivals arrivals;
  std::vector<std::pair<double, std::uint64_t>> inside;
  std::uint64_t count = 0;
  for (Pending& message : messages) {
    message.head = static_cast<double>(random.below(50));
    message.order = count++;
    arrivals.push(message);
    inside.emplace_back(message.head, message.order);
    while (!inside.empty() && random.below(3) == 0) {
      const auto first = std::ranges::min_element(inside);
      const Pending& got = arrivals.pop();
      EXPECT_EQ(std::pair(got.head, got.order), *first);
      inside.erase(first);
    }
  }
  std::ranges::sort(inside);
  for (const auto& expected : inside) {
    const Pending& got = arrivals.pop();
    EXPECT_EQ(std::pair(got.head, got.order), expected);
  }
}

TEST(Channels, MatchLikeAQueueForEachKey) {
  SplitMix64 random{7};
  std::vector<Pending> operations(20'000);
  Channels channels;
  using Key = std::tuple<Rank, Rank, std::uint32_t, std::uint32_t, bool>;
  std::map<Key, std::deque<Pending*>> expected;
  const auto key_of = [](const Pending& o) {
    return Key{o.tag.is_open() ? any_rank : o.from, o.to, o.tag.name(), o.tag.step(),
               o.tag.is_open()};
  };
  for (Pending& operation : operations) {
    const auto what = random.below(2) == 0 ? Pending::What::send : Pending::What::receive;
    const auto from = static_cast<Rank>(random.below(20)), to = static_cast<Rank>(random.below(20));
    const auto name = static_cast<std::uint32_t>(random.below(3));
    const bool is_open = random.below(4) == 0;
    const Tag tag = (is_open ? Tag::open(name) : Tag{name})
                        .at(static_cast<std::int64_t>(random.below(2)))
                        .in(Context{});
    operation.begin(nullptr, what, Pending::For::flow);
    operation.name(from, to, tag, 0, nullptr);
    auto& queue = expected[key_of(operation)];
    Pending* const partner = channels.post(operation);
    if (!queue.empty() && queue.front()->what != operation.what) {
      ASSERT_EQ(partner, queue.front());
      queue.pop_front();
    } else {
      ASSERT_EQ(partner, nullptr);
      queue.push_back(&operation);
    }
    if (random.below(5) == 0 && !queue.empty()) {  // forget one
      const auto victim = queue.begin() + static_cast<std::ptrdiff_t>(random.below(queue.size()));
      channels.remove(**victim);
      EXPECT_FALSE((*victim)->is.queued);
      queue.erase(victim);
    }
  }
  std::size_t left = 0;
  for (const auto& [key, queue] : expected) left += queue.size();
  std::size_t visited = 0;
  channels.for_each([&](const Pending&) { ++visited; });
  EXPECT_EQ(visited, left);
}

}  // namespace
}  // namespace troupe::sim::loggp
