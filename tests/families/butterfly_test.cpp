// Butterfly mixing: exact averages, conserved sums, and how it stands between no mixing and all.

#include "algorithms/butterfly/butterfly_mixing.hpp"

#include <gtest/gtest.h>

#include "algorithms/models/model.hpp"
#include "core/random.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

TEST(ButterflyPartner, IsAnInvolutionThroughWhichAllHearOfAll) {
  for (const int ranks : {2, 4, 8, 64}) {
    std::vector<std::uint64_t> heard;
    for (Rank rank = 0; rank < ranks; ++rank) heard.push_back(std::uint64_t{1} << rank);
    int stages = 0;
    for (; (1 << stages) < ranks; ++stages) {
      const auto before = heard;
      for (Rank rank = 0; rank < ranks; ++rank) {
        const Rank partner = butterfly_partner(rank, stages, ranks);
        EXPECT_EQ(butterfly_partner(partner, stages, ranks), rank);
        EXPECT_NE(partner, rank);
        heard[static_cast<std::size_t>(rank)] |= before[static_cast<std::size_t>(partner)];
      }
    }
    for (const std::uint64_t all : heard) EXPECT_EQ(all, ~std::uint64_t{0} >> (64 - ranks));
    EXPECT_EQ(butterfly_partner(0, stages, ranks), butterfly_partner(0, 0, ranks));
  }
}

TEST(ButterflyMixing, WithoutGradientsIsTheExactMeanAfterLogarithmicallyManySteps) {
  std::vector<std::vector<double>> values(16, std::vector<double>(20));
  std::vector<double> mean(20, 0);
  for (Rank rank = 0; rank < 16; ++rank) {
    SplitMix64 random = SplitMix64::of_rank(3, rank);
    auto& mine = values[static_cast<std::size_t>(rank)];
    for (std::size_t i = 0; i < 20; ++i) mean[i] += (mine[i] = random.uniform(-1, 1)) / 16;
  }
  run_loopback(16, [&](Communicator& comm) {
    std::vector<double> theirs(20);
    const Slice x = std::span{values[static_cast<std::size_t>(comm.rank())]};
    for (int stage = 0; stage < 4; ++stage)
      average_with(comm, butterfly_partner(comm.rank(), stage, 16), x, std::span{theirs});
  });
  for (const auto& mixed : values) {
    EXPECT_LE(distance(mixed, mean), 1e-15 * std::sqrt(20));
    EXPECT_EQ(mixed, values[0]);
  }
}

TEST(ButterflyMixing, KeepsTheSumAndGivesBothPartnersTheSameBits) {
  std::vector<std::vector<double>> values{{0.1, 0.7, 1e-3}, {0.3, -0.2, 1e3}};
  std::vector<double> sum{0.4, 0.5, 1e3 + 1e-3};
  run_loopback(2, [&](Communicator& comm) {
    std::vector<double> theirs(3);
    average_with(comm, 1 - comm.rank(), std::span{values[static_cast<std::size_t>(comm.rank())]},
                 std::span{theirs});
  });
  EXPECT_EQ(values[0], values[1]);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_DOUBLE_EQ(values[0][i] + values[1][i], sum[i]);
}

TEST(ButterflyMixing, WithAllStagesAfterEachGradientIsDataParallelTraining) {
  for (const std::size_t samples : {10000, 1003}) {
    TrainingProblem problem = standard_problem("butterfly_mixing");
    problem.data.set(samples_setting, samples);
    problem.strategy.set(ButterflyMixing::mixing_rounds, 3);
    TrainingHistory mixed, parallel;
    train(8, problem, mixed);
    problem.strategy = "data_parallel";
    train(8, problem, parallel);
    const auto expected = parallel.final_parameters().at(0);
    for (const auto& [rank, x] : mixed.final_parameters())
      EXPECT_LE(distance(x, expected), 1e-12 * norm(expected));
  }
}

/// Sixteen ranks, batches of 10: the mean gap of the nodes at the end, mean of five seeds.
double node_gap(TrainingProblem problem) {
  problem.batch = 10;
  problem.evaluate_every = 0;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    problem.seed = problem.data.seed = seed;
    TrainingHistory history;
    train(16, problem, history);
    sum += *history.summary().back().gap;
  }
  return sum / 5;
}

TEST(ButterflyMixing, StandsBetweenNoMixingAndAllReduction) {
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.optimiser.rate = 2;
  problem.stop.steps = 400;
  const double butterfly = node_gap(problem);
  problem.strategy.set(ButterflyMixing::mixing_rounds, 0);
  const double none = node_gap(problem);
  problem.strategy = "data_parallel";
  const double all = node_gap(problem);
  EXPECT_LE(butterfly, none / 2);
  EXPECT_LE(butterfly, 10 * all);
  EXPECT_GE(butterfly, all);
}

TEST(ButterflyMixing, SpreadsWhatAFixedPartnerKeepsToItself) {
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.4;
  problem.stop.steps = 2000;
  const double butterfly = node_gap(problem);
  problem.strategy.set(ButterflyMixing::partners, "fixed");
  const double fixed = node_gap(problem);
  EXPECT_GE(fixed, 100 * butterfly);
}

TEST(ButterflyMixing, EndsWhenAllRanksHaveReachedTheGap) {
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.stop.steps = 10000;
  problem.stop.gap = 1e-3;
  problem.stop.check_every = 20;
  problem.evaluate_every = 0;
  TrainingHistory history;
  train(4, problem, history);
  for (Rank rank = 0; rank < 4; ++rank) {
    EXPECT_LE(*history.figures_of(rank).back().gap, 1e-3);
    EXPECT_EQ(history.figures_of(rank).back().step, history.figures_of(0).back().step);
  }
  EXPECT_LT(history.figures_of(0).back().step, 10000);
}

TEST(ButterflyMixing, RefusesRanksThatAreNoPowerOfTwo) {
  const TrainingProblem problem = standard_problem("butterfly_mixing");
  EXPECT_EQ(refusal_of_butterfly(problem, 6), "needs a power of two of ranks, 6 given");
  EXPECT_EQ(refusal_of_butterfly(problem, 1), "needs a power of two of ranks, 1 given");
  EXPECT_EQ(refusal_of_butterfly(problem, 8), "");
}

}  // namespace
}  // namespace troupe::algorithms
