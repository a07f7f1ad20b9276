// Estimates of the mean, and rules for when to share: what they conserve, what they cost, and where
// they become plain averaging.

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "algorithms/butterfly/averaging_consensus.hpp"
#include "algorithms/butterfly/dynamic_sharing.hpp"
#include "algorithms/butterfly/mixing.hpp"
#include "algorithms/model_averaging/local_sgd.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Doubles = std::vector<double>;
using Vectors = std::vector<Doubles>;

Vectors random_vectors(std::size_t ranks, std::uint64_t seed) {
  SplitMix64 draws{seed};
  Vectors all(ranks, std::vector<double>(10));
  for (auto& mine : all)
    for (double& value : mine) value = draws.uniform(-1, 1);
  return all;
}
std::vector<double> mean_of(const Vectors& all) {
  std::vector<double> mean(all[0].size(), 0);
  for (const auto& mine : all)
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += mine[i] / static_cast<double>(all.size());
  return mean;
}

TEST(MeanEstimate, KeepsTheSumAndIsTheExactMeanOfFrozenInputsAfterAllStages) {
  Vectors inputs = random_vectors(16, 1), estimates = inputs;
  const Choice stated{"averaging_consensus"};
  const Partners partners{stated, 16, 1};
  run_ranks(16, [&](Communicator& comm) {
    const auto me = static_cast<std::size_t>(comm.rank());
    SplitMix64 draws = SplitMix64::of_rank(2, comm.rank());
    MeanEstimate estimate{comm, partners, ConstSlice{std::span{inputs[me]}}};
    std::vector<double> change(10);
    for (int round = 0; round < 11; ++round) {  // seven in which inputs move, four in which not
      for (std::size_t i = 0; i < 10; ++i)
        inputs[me][i] += change[i] = round < 7 ? draws.uniform(-1, 1) : 0;
      estimate.update(comm, std::span{change});
    }
    estimates[me] = to_doubles(estimate.value());
  });
  const auto mean = mean_of(inputs);
  EXPECT_LE(distance(mean_of(estimates), mean), 1e-12);
  for (const auto& estimate : estimates) EXPECT_LE(distance(estimate, mean), 1e-14);
}

TEST(MeanEstimate, OfFrozenInputsComesNearerByTheFactorOfItsGraph) {
  // W of a ring whose neighbours average is 1/3 thrice: ρ = (1 + 2 cos(2π/P))/3, 0.804738 for 8.
  const int ranks = 8, rounds = 80;
  Choice stated{"averaging_consensus"};
  stated.set(Partners::setting, "ring");
  const Partners partners{stated, ranks, 1};
  const Vectors inputs = random_vectors(ranks, 3);
  const auto mean = mean_of(inputs);
  std::vector<Vectors> after(rounds + 1, inputs);
  run_ranks(ranks, [&](Communicator& comm) {
    const auto me = static_cast<std::size_t>(comm.rank());
    Doubles mine = inputs[me], unchanged(10, 0);
    MeanEstimate estimate{comm, partners, ConstSlice{std::span{mine}}};
    for (std::size_t round = 1; round <= rounds; ++round) {
      estimate.update(comm, std::span{unchanged});
      after[round][me] = to_doubles(estimate.value());
    }
  });
  const auto away = [&](const Vectors& all) {
    double squares = 0;
    for (const auto& mine : all) squares += std::pow(distance(mine, mean), 2);
    return std::sqrt(squares);
  };
  const double factor = 0.804738;
  for (std::size_t round = 1; round <= rounds; ++round)  // never by less
    EXPECT_LE(away(after[round]), (factor + 1e-6) * away(after[round - 1])) << round;
  EXPECT_NEAR(away(after[rounds]) / away(after[rounds - 1]), factor, 1e-6);  // and in the end by it
}

TrainingProblem unlike_shards(const char* strategy) {
  TrainingProblem problem = standard_problem(strategy);
  problem.data.partition = "sorted";
  problem.data.set(samples_setting, 1600);
  problem.optimiser.rate = 0.4;
  problem.stop.steps = 600;
  problem.evaluate_every = 0;
  return problem;
}
double gap_of(const TrainingProblem& problem) {
  TrainingHistory history;
  train(8, problem, history);
  return *history.summary().back().gap;
}

TEST(AveragingConsensus, IsTrainingAloneWithoutAPullAndMixingWithTheWholePull) {
  TrainingProblem problem = unlike_shards("averaging_consensus");
  problem.stop.steps = 40;
  problem.strategy.set(AveragingConsensus::pull, 0);
  TrainingHistory alone, none;
  train(8, problem, alone);
  problem.strategy = "butterfly_mixing";
  problem.strategy.set(ButterflyMixing::mixing_rounds, 0);
  train(8, problem, none);
  EXPECT_EQ(alone.final_parameters(), none.final_parameters());

  // With ρ = 1 the recursion is x ← Σ W x − η g(x): mixing, the average before the step.
  problem = unlike_shards("averaging_consensus");
  problem.stop.steps = 41;
  problem.strategy.set(AveragingConsensus::pull, 1);
  TrainingHistory pulled;
  train(8, problem, pulled);
  Vectors mixed(8);
  run_ranks(8, [&](Communicator& comm) {
    Learner learner{problem, comm.rank(), 8};
    std::vector<double> x(20, 0), gradient(20), theirs(20);
    for (std::int64_t step = 0; step < 41; ++step) {
      learner.gradient(comm, std::span{x}, learner.share() * 8, std::span{gradient});
      average_with(comm, butterfly_partner(comm.rank(), step, 8), std::span{x}, std::span{theirs});
      for (std::size_t i = 0; i < 20; ++i) x[i] -= 0.4 * gradient[i];
    }
    mixed[static_cast<std::size_t>(comm.rank())] = x;
  });
  for (const auto& [rank, x] : pulled.final_parameters())
    EXPECT_LE(distance(x, mixed[static_cast<std::size_t>(rank)]), 1e-12 * norm(x));
}

TEST(AveragingConsensus, LearnsFromShardsItHasNotSeen) {
  TrainingProblem problem = unlike_shards("averaging_consensus");
  const double pulled = gap_of(problem);
  problem.strategy.set(AveragingConsensus::pull, 0);
  EXPECT_GE(gap_of(problem), 20 * pulled);
}

TEST(DynamicSharing, WithoutToleranceIsLocalSgd) {
  TrainingProblem problem = unlike_shards("dynamic_sharing");
  problem.stop.steps = 60;
  TrainingHistory shared, local;
  train(8, problem, shared);
  problem.strategy = "local_sgd";
  problem.strategy.set(LocalSgd::local_steps, 5);
  train(8, problem, local);
  const auto expected = local.final_parameters();
  for (const auto& [rank, x] : shared.final_parameters())
    EXPECT_LE(distance(x, expected.at(rank)), 1e-12 * norm(x));
}

std::uint64_t bytes_of(const TrainingProblem& problem) {
  const auto logs = record_training(8, problem);
  return logs[0].bytes_sent();
}

TEST(DynamicSharing, SendsLessTheMoreDivergenceItLetsPass) {
  TrainingProblem problem = unlike_shards("dynamic_sharing");
  problem.stop.steps = 200;
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();
  std::set<std::uint64_t> different;
  for (const double limit : {0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e300}) {
    problem.strategy.set(DynamicSharing::divergence, limit);
    const std::uint64_t bytes = bytes_of(problem);
    EXPECT_LE(bytes, before) << limit;
    different.insert(before = bytes);
  }
  EXPECT_EQ(before, 40u * 3 * 8);  // votes alone
  EXPECT_GE(different.size(), 4u);
  problem.strategy.set(DynamicSharing::divergence, 0);
  EXPECT_EQ(bytes_of(problem), 40u * (7 * 160 + 3 * 8));  // 40 checks, each with a sharing
  // A tolerance without bound, for which nobody needs to vote.
  problem.strategy.set(DynamicSharing::divergence, std::numeric_limits<double>::infinity());
  EXPECT_EQ(bytes_of(problem), 0u);
  problem.strategy.set(DynamicSharing::divergence, 0).set(DynamicSharing::rule, "none");
  EXPECT_EQ(bytes_of(problem), 0u);
}

TEST(DynamicSharing, SharesMoreOftenAsTheLossFalls) {
  for (double loss = 4, period = 100; loss > 1e-3; loss /= 1.7) {
    const auto next = static_cast<double>(adapted_period(loss, 4, 20));
    EXPECT_LE(next, period);
    period = next;
  }
  EXPECT_EQ(adapted_period(4, 4, 20), 20);
  EXPECT_EQ(adapted_period(1, 4, 20), 10);
  EXPECT_EQ(adapted_period(0, 4, 20), 1);
  TrainingProblem problem = unlike_shards("dynamic_sharing");
  problem.strategy.set(DynamicSharing::period, 20);
  problem.strategy.set(DynamicSharing::rule, "adaptive_period");
  const double adaptive = gap_of(problem);
  const std::uint64_t sent = bytes_of(problem);
  problem.strategy.set(DynamicSharing::rule, "divergence");
  EXPECT_LT(adaptive, gap_of(problem));  // than every 20 steps to the end
  EXPECT_GT(sent, bytes_of(problem));
}

TEST(DynamicSharing, WeightsByLossAndWithoutSharpnessEqually) {
  TrainingProblem problem = unlike_shards("dynamic_sharing");
  problem.stop.steps = 60;
  TrainingHistory plain, equal, sharp;
  train(8, problem, plain);
  problem.strategy.set(DynamicSharing::rule, "loss_weighted");
  problem.strategy.set(DynamicSharing::sharpness, 0);
  train(8, problem, equal);
  EXPECT_EQ(plain.final_parameters(), equal.final_parameters());
  problem.strategy.set(DynamicSharing::sharpness, 100);
  train(8, problem, sharp);
  const auto a = plain.final_parameters().at(0), b = sharp.final_parameters().at(0);
  EXPECT_GT(distance(a, b), 1e-3 * norm(a));
}

TEST(DynamicSharing, AlsoSharesWithPartnersAlone) {
  TrainingProblem problem = unlike_shards("dynamic_sharing");
  problem.strategy.set(DynamicSharing::scope, "partners");
  problem.strategy.set(DynamicSharing::period, 1);
  const double pairs = gap_of(problem);
  problem.strategy.set(DynamicSharing::rule, "none");
  EXPECT_GE(gap_of(problem), 20 * pairs);
  problem.strategy.set(Partners::digits, std::vector<std::int64_t>{2, 2});
  EXPECT_EQ(refusal_of_strategy(problem, 8), "digits [2, 2] make 4 ranks, 8 given");
}

}  // namespace
}  // namespace troupe::algorithms
