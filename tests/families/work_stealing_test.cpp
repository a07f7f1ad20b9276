// Work stealing: every sample once in an epoch, whoever has time for it.

#include "algorithms/work_stealing/work_stealing.hpp"

#include <gtest/gtest.h>

#include <set>

#include "algorithms/reporter.hpp"
#include "algorithms/work_stealing/chunks.hpp"
#include "core/faulty.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

std::vector<Chunk> chunks(std::int32_t from, std::int32_t to) {
  std::vector<Chunk> some;
  for (std::int32_t i = from; i < to; ++i) some.push_back({.shard = 0, .index = i});
  return some;
}

TEST(ChunkDeque, GivesItsOwnerTheFirstAndThievesTheLastHalf) {
  ChunkDeque deque;
  Chunk first;
  EXPECT_FALSE(deque.pop(first));
  EXPECT_TRUE(deque.steal_half().empty());
  deque.push(chunks(0, 7));
  EXPECT_TRUE(deque.pop(first));
  EXPECT_EQ(first.index, 0);
  EXPECT_EQ(deque.steal_half(), chunks(4, 7));  // of 1 … 6
  EXPECT_EQ(deque.steal_half(), chunks(2, 4));
  EXPECT_EQ(deque.steal_half(), chunks(1, 2));
  EXPECT_TRUE(deque.steal_half().empty());
}

TEST(Stealing, TakesEachChunkOnceUnderAnyDelays) {
  // 5 ranks; only the first two have work, which takes 3 ms of simulated time, and everybody's
  // messages are late.
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    std::multiset<std::pair<int, int>> done;
    std::int64_t steals = 0;
    run_ranks(5, [&](Communicator& comm) {
      FaultyCommunicator late{comm, {.seed = seed, .longest_delay = Seconds{2e-4}}};
      ChunkDeque mine;
      Robbery robbery{late, mine, 64, seed};
      if (comm.rank() < 2) {
        auto own = chunks(0, 64);
        for (Chunk& chunk : own) chunk.shard = comm.rank();
        mine.push(own);
      }
      do {
        for (Chunk chunk; mine.pop(chunk);) {
          compute(late, Scale{2, Slice::phantom(50'000)});  // 50 µs
          done.emplace(chunk.shard, chunk.index);
        }
      } while (robbery.steal());
      agreed(late, Op::max, 0);  // all have stopped
      robbery.end();
      steals += robbery.loot().steals;
      EXPECT_GE(robbery.loot().bytes, 4 * 16u);
    });
    EXPECT_EQ(done.size(), 128u);
    EXPECT_EQ((std::set<std::pair<int, int>>{done.begin(), done.end()}.size()), 128u);
    EXPECT_GT(steals, 0);
  }
}

TEST(Stealing, TakesNoMessageOfAnAllreduceForAGrant) {
  // Nobody has work. Two of three ranks know that and have begun an allreduce, the third asks them.
  for (Rank last = 0; last < 3; ++last)
    run_ranks(3, [&](Communicator& comm) {
      ChunkDeque mine;
      Robbery robbery{comm, mine, 64, 1};
      if (comm.rank() == last) {
        compute(comm, Scale{2, Slice::phantom(20'000'000)});  // 20 ms
        EXPECT_FALSE(robbery.steal());
      }
      agreed(comm, Op::max, 0);
      robbery.end();
    });
}

TrainingProblem epochs(bool stealing) {
  TrainingProblem problem = standard_problem("work_stealing");
  problem.strategy.set(WorkStealing::stealing, stealing);
  problem.data.set(samples_setting, 1003);
  problem.stop.steps = 20;
  return problem;
}

TEST(WorkStealing, IsGradientDescentOnAllSamplesWhoeverComputes) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.data.set(samples_setting, 1003);
  problem.stop.steps = 20;
  TrainingHistory alone;
  train(1, problem, alone);
  const auto expected = alone.final_parameters().at(0);
  for (const int ranks : {1, 2, 4, 7})
    for (const bool stealing : {false, true})
      for (const std::int64_t pieces : {1, 5, 1000}) {
        problem = epochs(stealing);
        problem.strategy.set(WorkStealing::chunks, pieces);
        TrainingHistory history;
        train(ranks, problem, history);
        const auto all = history.final_parameters();
        ASSERT_EQ(all.size(), static_cast<std::size_t>(ranks));
        for (const auto& [rank, x] : all) {
          EXPECT_EQ(x, all.at(0)) << rank;
          EXPECT_LE(distance(x, expected), 1e-12 * norm(expected)) << ranks;
        }
      }
}

TEST(WorkStealing, WithLateMessagesGoesTheSameWay) {
  TrainingHistory on_time, late;
  train(4, epochs(false), on_time);
  run_ranks(4, [&](Communicator& comm) {
    FaultyCommunicator faulty{comm, {.seed = 3, .longest_delay = Seconds{5e-4}}};
    train(faulty, epochs(true), late);
  });
  const auto a = on_time.final_parameters().at(2), b = late.final_parameters().at(2);
  EXPECT_LE(distance(a, b), 1e-12 * norm(a));
  double steals = 0, bytes = 0;
  for (const Figures& figures : late.figures())
    steals += figures.steals.value_or(0), bytes += figures.steal_bytes.value_or(0);
  EXPECT_GE(bytes, 24 * steals);
  EXPECT_EQ(*on_time.figures_of(1).back().steals, 0);
  EXPECT_EQ(*on_time.figures_of(1).back().steal_bytes, 0);
}

TEST(WorkStealing, EndsWithAnErrorWhereItDiverges) {
  TrainingProblem problem = epochs(true);
  problem.optimiser.rate = 1e200;
  TrainingHistory history;
  EXPECT_THROW(train(3, problem, history), Diverged);
}

}  // namespace
}  // namespace troupe::algorithms
