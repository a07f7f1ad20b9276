// Butterfly mixing: exact averages, conserved sums, and how it stands between no mixing and all.

#include "algorithms/butterfly/butterfly_mixing.hpp"

#include <gtest/gtest.h>

#include "algorithms/model_averaging/local_sgd.hpp"
#include "algorithms/models/model.hpp"
#include "core/random.hpp"
#include "core/recorder.hpp"
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
  run_ranks(16, [&](Communicator& comm) {
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

TEST(ButterflyMixing, BringsRanksThatStartApartTogetherInAsManySteps) {
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.optimiser.rate = 0;
  problem.strategy.set(StartingPoints::spread, 1);
  problem.stop.steps = 4;
  problem.evaluate_every = 1;
  TrainingHistory history;
  train(16, problem, history);
  const auto lines = history.summary();
  for (std::size_t step = 0; step < 4; ++step) EXPECT_GT(*lines[step].disagreement, 0.1) << step;
  for (const auto& [rank, x] : history.final_parameters())
    EXPECT_EQ(x, history.final_parameters().at(0)) << rank;
}

TEST(ButterflyMixing, KeepsTheSumAndGivesBothPartnersTheSameBits) {
  std::vector<std::vector<double>> values{{0.1, 0.7, 1e-3}, {0.3, -0.2, 1e3}};
  std::vector<double> sum{0.4, 0.5, 1e3 + 1e-3};
  run_ranks(2, [&](Communicator& comm) {
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

TEST(ButterflyMixing, SpreadsItByLotAndOverARingAsWell) {
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.4;
  problem.stop.steps = 2000;
  problem.seed = problem.data.seed = 2;
  const auto gap = [&](std::string_view way) {
    problem.strategy.set(ButterflyMixing::partners, way);
    problem.batch = 10;
    problem.evaluate_every = 0;
    TrainingHistory history;
    train(16, problem, history);
    return *history.summary().back().gap;
  };
  const double fixed = gap("fixed");
  for (const char* way : {"random", "tournament", "cyclic", "ring"})
    EXPECT_GE(fixed, 100 * gap(way)) << way;
}

TEST(ButterflyMixing, ConvergesWhereTrainingAloneAndRareAveragingDiverge) {
  // Shards sorted by x have a larger curvature each than all together: a rate of 2 is too much for
  // them, but not for their mean.
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.data.partition = "sorted";
  problem.optimiser.rate = 2;
  problem.batch = 10;
  problem.stop.steps = 400;
  problem.stop.may_diverge = true;
  problem.evaluate_every = 0;
  const auto gap = [&] {
    TrainingHistory history;
    train(16, problem, history);
    return *history.summary().back().gap;
  };
  const double butterfly = gap();
  problem.strategy.set(ButterflyMixing::partners, "ring");
  const double ring = gap();
  problem.strategy.set(ButterflyMixing::mixing_rounds, 0);
  const double none = gap();
  problem.strategy = "local_sgd";
  problem.strategy.set(LocalSgd::local_steps, 4);
  const double rare = gap();
  // Mixing comes after the gradient step here. D-PSGD takes its gradient before it is mixed, W x −
  // η g(x), which on a ring, whose W has an eigenvalue near −1/3, is stable for ηλ < 2/3 only.
  problem.strategy = "d_psgd";
  const double gradient_apart = gap();
  EXPECT_LE(butterfly, 1e-2);
  EXPECT_LE(ring, 1e-2);
  EXPECT_GE(none, 1);
  EXPECT_GE(rare, 1);
  EXPECT_GE(gradient_apart, 1);
}

TEST(ButterflyMixing, SendsOneMessageAStepAndAboutHalfOfARingAllreduce) {
  const auto of_a_step = [](TrainingProblem problem) {
    problem.phantom = true;
    std::uint64_t messages[2], bytes[2];
    for (const int more : {0, 1}) {
      problem.stop.steps = 10 + more;
      const auto logs = record_training(16, problem);
      messages[more] = bytes[more] = 0;
      for (const RecordedRank& log : logs) {
        messages[more] += log.messages_sent();
        bytes[more] += log.bytes_sent();
      }
    }
    return std::pair{messages[1] - messages[0], bytes[1] - bytes[0]};
  };
  TrainingProblem problem = standard_problem("butterfly_mixing");
  const auto [messages, bytes] = of_a_step(problem);
  EXPECT_EQ(messages, 16u);
  EXPECT_EQ(bytes, 16 * 160u);
  problem.strategy.set(ButterflyMixing::with_gradient, true);
  EXPECT_EQ(of_a_step(problem), (std::pair<std::uint64_t, std::uint64_t>{16, 2 * 16 * 160}));
  const auto [in_the_ring, bytes_in_the_ring] = of_a_step(standard_problem("data_parallel"));
  EXPECT_EQ(in_the_ring, 16 * 30u);
  EXPECT_EQ(15 * bytes, 8 * bytes_in_the_ring);  // 0.533
}

TEST(ButterflyMixing, StandsAmongTheOthersByWhatTheySend) {
  // Vectors a step and rank, of sixteen: the column of the published table.
  const auto vectors_of = [](const TrainingProblem& problem) {
    std::uint64_t bytes[2];
    for (const int more : {0, 1}) {
      TrainingProblem sizes = problem;
      sizes.phantom = true;
      sizes.stop.steps = 20 + 20 * more;
      std::vector<RecordedRank> logs(16);
      run_ranks(16, [&](Communicator& comm) {
        SilentLog silent;
        Recorder recorder{comm, logs[static_cast<std::size_t>(comm.rank())]};
        train(recorder, sizes, silent);
      });
      bytes[more] = 0;
      for (const RecordedRank& log : logs) bytes[more] += log.bytes_sent();
    }
    return static_cast<double>(bytes[1] - bytes[0]) / (20 * 16 * 160);
  };
  TrainingProblem mixing = standard_problem("butterfly_mixing");
  EXPECT_EQ(vectors_of(mixing), 1);
  mixing.strategy.set(ButterflyMixing::partners, "fixed");
  EXPECT_EQ(vectors_of(mixing), 1);
  mixing.strategy.set(ButterflyMixing::partners, "random");
  EXPECT_EQ(vectors_of(mixing), 1);
  mixing.strategy.set(ButterflyMixing::mixing_rounds, 0);
  EXPECT_EQ(vectors_of(mixing), 0);
  EXPECT_EQ(vectors_of(standard_problem("d_psgd")), 2);
  EXPECT_EQ(vectors_of(standard_problem("data_parallel")), 1.875);
  TrainingProblem rare = standard_problem("local_sgd");
  rare.strategy.set(LocalSgd::local_steps, 4);
  EXPECT_EQ(vectors_of(rare), 0.46875);
}

TEST(ButterflyMixing, OfParametersAndGradientsTogetherTakesTheSameWay) {
  TrainingProblem problem = standard_problem("butterfly_mixing");
  problem.data.partition = "sorted";
  problem.data.set(samples_setting, 800);
  TrainingHistory alone, together;
  train(8, problem, alone);
  problem.strategy.set(ButterflyMixing::with_gradient, true);
  train(8, problem, together);
  const auto expected = alone.final_parameters();
  for (const auto& [rank, x] : together.final_parameters())
    EXPECT_LE(distance(x, expected.at(rank)), 1e-12 * norm(x));
}

TEST(ButterflyMixing, LearnsWithOneRankAtATime) {
  for (const char* way : {"cyclic", "random"}) {
    TrainingProblem problem = standard_problem("butterfly_mixing");
    problem.data.set(samples_setting, 800);
    problem.strategy.set(ButterflyMixing::active, way);
    problem.optimiser.rate = 2;
    problem.stop.steps = 400;
    TrainingHistory history;
    train(8, problem, history);
    EXPECT_LT(*history.summary().back().gap, 0.05 * *history.summary().front().gap) << way;
  }
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
