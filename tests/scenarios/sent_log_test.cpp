// What ranks in processes of their own had sent, by the clock.
#include "scenarios/sent_log.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "scenarios/sent_so_far.hpp"

namespace troupe::scenarios {
namespace {

SentLog log_of(int messages, double bytes_each, Seconds apart) {
  SentLog log;
  for (int i = 1; i <= messages; ++i) log.add(i * apart, {static_cast<double>(i), i * bytes_each});
  return log;
}

TEST(SentLog, KnowsWhatWasSentAtAnyTime) {
  const SentLog log = log_of(10, 8, Seconds{1});
  EXPECT_EQ(log.at(Seconds{0.5}).messages, 0);
  EXPECT_EQ(log.at(Seconds{3}).messages, 3);
  EXPECT_EQ(log.at(Seconds{3.9}).bytes, 24);
  EXPECT_EQ(log.at(Seconds{99}).messages, 10);
}

TEST(SentLog, OfManyMessagesStaysSmallAndIsAPartBehind) {
  constexpr int messages = 1'000'000;
  const SentLog log = log_of(messages, 8, Seconds{1e-3});
  EXPECT_LE(log.numbers().size(), 3 * SentLog::most);
  for (const int i : {2048, 70'001, 500'000, messages}) {
    const double known = log.at(i * Seconds{1e-3} + Seconds{1e-6}).messages;
    EXPECT_LE(known, i);
    EXPECT_GE(known, i - messages * 2.0 / SentLog::most) << i;
  }
}

TEST(SentLog, TravelsWhole) {
  const SentLog log = log_of(100, 3, Seconds{0.25});
  const SentLog again = SentLog::of_numbers(log.numbers());
  EXPECT_EQ(again.numbers(), log.numbers());
  EXPECT_EQ(again.at(Seconds{5}).bytes, 60);
}

/// Rank 0 reports at 5 s on its clock; rank 1, whose clock is 2 s ahead, reports nothing.
TEST(SentSoFar, ReadsALogOnTheClockOfItsRank) {
  SentSoFar sent{2, false};
  sent.log(1) = log_of(10, 8, Seconds{1});
  algorithms::TrainingHistory history;
  const algorithms::Figures figures{
      .step = 3, .rank = 0, .time = Seconds{5}, .due = true, .messages = 4, .sent_bytes = 32};
  history.record(figures, {});
  EXPECT_EQ(sent_at_lines(history, history.summary(), sent).front()->messages, 4 + 5);
  sent.align({Seconds{}, Seconds{2}});
  EXPECT_EQ(sent_at_lines(history, history.summary(), sent).front()->messages, 4 + 7);
}

}  // namespace
}  // namespace troupe::scenarios
