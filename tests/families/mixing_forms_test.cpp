// Addition and subtraction: the same mean by messages of different forms, to the bit; and how fast
// disagreement falls, stage by stage and round by round.

#include "algorithms/butterfly/mixing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "algorithms/butterfly/graph_mixing.hpp"
#include "core/random.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Vectors = std::vector<std::vector<double>>;

/// One stream for all: rank 0's values, rank 1's, …
Vectors random_vectors(std::size_t ranks, std::size_t size, std::uint64_t seed) {
  SplitMix64 draws{seed};
  Vectors all(ranks, std::vector<double>(size));
  for (auto& mine : all)
    for (double& value : mine) value = draws.uniform(-1, 1);
  return all;
}
std::vector<double> sum_of(const Vectors& all) {
  std::vector<double> sum(all[0].size(), 0);
  for (const auto& mine : all)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += mine[i];
  return sum;
}
/// max over ranks and values of |x − mean|
double disagreement(const Vectors& all, std::vector<double> sum) {
  double most = 0;
  for (const auto& mine : all)
    for (std::size_t i = 0; i < sum.size(); ++i)
      most = std::max(most, std::abs(mine[i] - sum[i] / static_cast<double>(all.size())));
  return most;
}
void mix_stage(Vectors& all, std::string_view form, std::int64_t stage) {
  const int ranks = static_cast<int>(all.size());
  run_ranks(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const Slice x = std::span{all[static_cast<std::size_t>(comm.rank())]};
    Mixer mixer{form, x, 1};
    const Rank partner = butterfly_partner(comm.rank(), stage, ranks);
    mixer.mix(checked, std::span{&partner, 1}, x);
  });
}

TEST(AdditionSubtraction, ReachesTheExactMeanOfSixteenAfterFourStages) {
  // Sixteen vectors of eight values, uniform in [−1, 1) from one stream of seed 3: published are
  // 0.896, 0.564, 0.342 and 4e-17. The third is 0.34147 (rounded to 0.3415 and then to 0.342).
  const double published[] = {0.8958, 0.5639, 0.3415};
  Vectors x = random_vectors(16, 8, 3);
  const auto sum = sum_of(x);
  for (int stage = 0; stage < 3; ++stage) {
    mix_stage(x, "symmetric", stage);
    EXPECT_NEAR(disagreement(x, sum), published[stage], 5e-5);
    EXPECT_LE(distance(sum_of(x), sum) / 16, 1e-15);
  }
  mix_stage(x, "symmetric", 3);
  EXPECT_NEAR(disagreement(x, sum), 4.2e-17, 5e-19);
  EXPECT_LE(distance(sum_of(x), sum) / 16, 1e-15);
}

TEST(AdditionSubtraction, HasTheSameBitsInBothForms) {
  Vectors symmetric = random_vectors(8, 33, 11);
  for (auto& mine : symmetric)
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] *= std::pow(10, static_cast<int>(i) - 16);
  Vectors replied = symmetric;
  for (int stage = 0; stage < 3; ++stage) {
    mix_stage(symmetric, "symmetric", stage);
    mix_stage(replied, "request_reply", stage);
    EXPECT_EQ(symmetric, replied);
  }
}

TEST(AdditionSubtraction, IsTheMeanThatTheHalvedSumIs) {
  Vectors halved = random_vectors(8, 33, 12), differences = halved;
  for (int stage = 0; stage < 3; ++stage) {
    mix_stage(halved, "average", stage);
    mix_stage(differences, "symmetric", stage);
  }
  for (std::size_t rank = 0; rank < 8; ++rank) {
    EXPECT_EQ(halved[rank], halved[0]);
    EXPECT_LE(distance(halved[rank], differences[rank]), 1e-15 * norm(halved[0]));
  }
}

TEST(AdditionSubtraction, SendsOneMessageEachWayInEveryForm) {
  for (const std::string_view form : MixingForm::forms) {
    std::vector<RecordedRank> logs(2);
    run_ranks(2, [&](Communicator& comm) {
      Recorder recorder{comm, logs[static_cast<std::size_t>(comm.rank())]};
      std::vector<double> x(10, comm.rank());
      const Rank partner = 1 - comm.rank();
      Mixer mixer{form, std::span{x}, 1};
      mixer.mix(recorder, std::span{&partner, 1}, std::span{x});
      EXPECT_EQ(x, std::vector<double>(10, 0.5));
      EXPECT_DOUBLE_EQ(*mixer.apart(std::span{x}), 2);  // 1 apart, the mean is ½
    });
    for (const RecordedRank& log : logs) {
      EXPECT_EQ(log.messages_sent(), 1u) << form;
      EXPECT_EQ(log.bytes_sent(), 80u) << form;
    }
  }
}

TEST(GroupAveraging, GivesAllMembersTheSameBits) {
  for (const int ranks : {3, 4, 7}) {
    Vectors x = random_vectors(static_cast<std::size_t>(ranks), 9, 5);
    const auto sum = sum_of(x);
    run_ranks(ranks, [&](Communicator& comm) {
      CheckedCommunicator checked{comm};
      std::vector<Rank> others;
      for (Rank rank = 0; rank < ranks; ++rank)
        if (rank != comm.rank()) others.push_back(rank);
      const Slice mine = std::span{x[static_cast<std::size_t>(comm.rank())]};
      Mixer mixer{"average", mine, others.size()};
      mixer.mix(checked, others, mine);
      EXPECT_GT(*mixer.apart(mine), 0);
    });
    for (const auto& mine : x) EXPECT_EQ(mine, x[0]);
    EXPECT_LE(disagreement(x, sum), 1e-15);
  }
}

TEST(MixingFactor, IsThatOfTheTable) {
  // Metropolis weights 1/(1 + max degree); a ring of P has (1 + 2 cos(2π/P)) / 3.
  const auto factor = [](const char* kind, int ranks) {
    GraphChoice choice;
    choice.kind = kind;
    choice.weights = "metropolis";
    return mixing_factor(Graph{choice, ranks});
  };
  EXPECT_NEAR(factor("ring", 8), 0.804738, 1e-6);
  EXPECT_NEAR(factor("ring", 10), 0.872678, 1e-6);
  EXPECT_NEAR(factor("ring", 16), 0.949253, 1e-6);
  EXPECT_NEAR(factor("hypercube", 16), 0.6, 1e-12);
  EXPECT_NEAR(factor("star", 10), 0.9, 1e-12);
  EXPECT_NEAR(factor("complete", 6), 0, 1e-12);
  EXPECT_EQ(factor("ring", 1), 0);
}

TEST(GraphMixing, BringsARingOfSixteenToAMillionthInTheRoundsItsSpectrumSays) {
  EXPECT_EQ(rounds_for(1e-6, 0.949253), 266);
  EXPECT_EQ(rounds_for(1e-6, 0), 1);
  GraphChoice choice;
  choice.weights = "metropolis";
  const Graph ring{choice, 16};
  Vectors x = random_vectors(16, 20, 9);
  const auto sum = sum_of(x);
  const auto mix = [&](std::int64_t rounds) {
    run_ranks(16, [&](Communicator& comm) {
      const Slice mine = std::span{x[static_cast<std::size_t>(comm.rank())]};
      GraphMixer mixer{ring, comm.rank(), mine};
      for (std::int64_t round = 0; round < rounds; ++round) mixer.mix(comm, mine);
    });
  };
  const auto root_mean_square = [&] {
    double squares = 0;
    for (const auto& mine : x)
      for (std::size_t i = 0; i < 20; ++i) squares += std::pow(mine[i] - sum[i] / 16, 2);
    return std::sqrt(squares);
  };
  const double before = root_mean_square();
  mix(200);
  EXPECT_GT(root_mean_square(), 1e-6 * before);  // not yet
  mix(66);
  EXPECT_LE(root_mean_square(), 1e-6 * before);
  EXPECT_LE(distance(sum_of(x), sum), 1e-13);
}

TEST(GraphMixing, RefusesWeightsThatLeaveARankNothingOfItsOwn) {
  GraphChoice choice;
  EXPECT_EQ(refusal_of_weights(Graph{choice, 5}),
            "the weights of rank 0's neighbours sum to 2.000000 and leave nothing of its own; "
            "weights \"metropolis\" do");
  choice.weights = "metropolis";
  EXPECT_EQ(refusal_of_weights(Graph{choice, 5}), "");
}

TEST(HybridPropagation, WithAllStagesOfTheButterflyIsDataParallelTraining) {
  for (const auto& radices : std::vector<std::vector<std::int64_t>>{{}, {2, 4}, {8}}) {
    TrainingProblem problem = standard_problem("hybrid_propagation");
    problem.strategy.set(HybridPropagation::digits, radices);
    TrainingHistory hybrid, parallel;
    train(8, problem, hybrid);
    problem.strategy = "data_parallel";
    train(8, problem, parallel);
    const auto expected = parallel.final_parameters().at(0);
    for (const auto& [rank, x] : hybrid.final_parameters()) {
      EXPECT_LE(distance(x, expected), 1e-12 * norm(expected));
      EXPECT_EQ(x, hybrid.final_parameters().at(0));
    }
  }
}

TEST(HybridPropagation, OverARingAgreesToItsToleranceAndGoesTheWayOfDataParallelTraining) {
  TrainingProblem problem = standard_problem("hybrid_propagation");
  problem.strategy.set(HybridPropagation::over, "graph");
  problem.graph.weights = "metropolis";
  problem.stop.steps = 20;
  TrainingHistory hybrid, parallel, once;
  train(8, problem, hybrid);
  problem.strategy.set(HybridPropagation::rounds, 1);
  train(8, problem, once);
  problem.strategy = "data_parallel";
  train(8, problem, parallel);
  const auto expected = parallel.final_parameters().at(0);
  double most = 0;
  for (const auto& [rank, x] : hybrid.final_parameters())
    EXPECT_LE(distance(x, expected), 1e-6 * norm(expected));
  for (const auto& [rank, x] : once.final_parameters())
    most = std::max(most, distance(x, expected));
  EXPECT_GT(most, 1e-4 * norm(expected));  // one averaging a step does not
}

}  // namespace
}  // namespace troupe::algorithms
