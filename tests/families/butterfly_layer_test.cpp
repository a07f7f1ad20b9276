// A layer cut over ranks by the butterfly: it is the product of its factors, forwards and
// backwards, for log2 P messages where gathering all activations takes P − 1.

#include "algorithms/butterfly/butterfly_layer.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "algorithms/butterfly/model_parallel.hpp"
#include "core/checked.hpp"
#include "core/faulty.hpp"
#include "core/random.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Matrix = Eigen::MatrixXd;
using Values = std::vector<double>;

/// A layer of P ranks with blocks of b values, and a batch of B samples.
struct Example {
  int ranks;
  std::size_t block, count;
  std::vector<Values> parameters, inputs;  // by rank
};

Example random_example(int ranks, std::size_t block, std::size_t count, std::uint64_t seed) {
  Example example{ranks, block, count, {}, {}};
  SplitMix64 draws{seed};
  const auto stages = static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(ranks)) - 1);
  for (int rank = 0; rank < ranks; ++rank) {
    Values parameters(stages * 2 * block * block), inputs(block * count);
    for (double& value : parameters) value = draws.uniform(-1, 1);
    for (double& value : inputs) value = draws.uniform(-1, 1);
    example.parameters.push_back(parameters);
    example.inputs.push_back(inputs);
  }
  return example;
}

/// Block r of the product, on each rank.
std::vector<Values> forwards(const Example& example, const std::vector<Values>& inputs) {
  std::vector<Values> outputs = inputs;
  run_ranks(example.ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const auto me = static_cast<std::size_t>(comm.rank());
    const Slice x = std::span{outputs[me]};
    ButterflyLayer layer{example.ranks, comm.rank(), example.block, example.count, x};
    layer.forward(checked, ConstSlice{std::span{example.parameters[me]}}, example.count, x);
  });
  return outputs;
}

Matrix stacked(const Example& example, const std::vector<Values>& blocks) {
  const auto b = static_cast<Eigen::Index>(example.block),
             count = static_cast<Eigen::Index>(example.count);
  Matrix all(b * example.ranks, count);
  for (int rank = 0; rank < example.ranks; ++rank)
    all.middleRows(rank * b, b) =
        Eigen::Map<const Matrix>(blocks[static_cast<std::size_t>(rank)].data(), b, count);
  return all;
}

/// The dense factor of a stage.
Matrix factor(const Example& example, int stage) {
  const auto b = static_cast<Eigen::Index>(example.block);
  Matrix all = Matrix::Zero(b * example.ranks, b * example.ranks);
  for (int rank = 0; rank < example.ranks; ++rank) {
    const double* own =
        example.parameters[static_cast<std::size_t>(rank)].data() + stage * 2 * b * b;
    const int partner = rank ^ (1 << stage);
    all.block(rank * b, rank * b, b, b) = Eigen::Map<const Matrix>(own, b, b);
    all.block(rank * b, partner * b, b, b) = Eigen::Map<const Matrix>(own + b * b, b, b);
  }
  return all;
}
Matrix product(const Example& example) {
  Matrix all = factor(example, 0);
  for (int stage = 1; (1 << stage) < example.ranks; ++stage) all = factor(example, stage) * all;
  return all;
}

TEST(ButterflyLayer, IsTheWalshHadamardTransformWithSignsAsFactors) {
  // D = I, E = I where bit s of the rank is 0; there D = I takes a plus, and at its partner E = I
  // and D = −I make the difference. Twice is P times the identity, exactly, on whole numbers.
  for (const int ranks : {2, 8, 32}) {
    Example example = random_example(ranks, 3, 4, 1);
    SplitMix64 draws{9};
    for (int rank = 0; rank < ranks; ++rank) {
      const auto me = static_cast<std::size_t>(rank);
      for (double& value : example.inputs[me]) value = static_cast<double>(draws.below(1000));
      std::ranges::fill(example.parameters[me], 0);
      for (std::size_t stage = 0; (1 << stage) < ranks; ++stage)
        for (std::size_t i = 0; i < 3; ++i) {
          double* own = example.parameters[me].data() + stage * 18;
          own[i * 4] = (rank >> stage) % 2 ? -1 : 1;
          own[9 + i * 4] = 1;
        }
    }
    const auto once = forwards(example, example.inputs), twice = forwards(example, once);
    for (std::size_t rank = 0; rank < twice.size(); ++rank)
      for (std::size_t i = 0; i < twice[rank].size(); ++i)
        EXPECT_EQ(twice[rank][i], ranks * example.inputs[rank][i]);
    EXPECT_NE(once, example.inputs);
  }
}

TEST(ButterflyLayer, IsTheDenseProductOfItsFactors) {
  for (const int ranks : {2, 4, 16}) {
    const Example example = random_example(ranks, 5, 3, 2);
    const Matrix expected = product(example) * stacked(example, example.inputs);
    const Matrix found = stacked(example, forwards(example, example.inputs));
    EXPECT_LE((found - expected).norm(), 1e-13 * expected.norm());
  }
}

/// ½ ‖B x‖², whose gradient at the output is the output.
double half_square(const Example& example) {
  return stacked(example, forwards(example, example.inputs)).squaredNorm() / 2;
}

TEST(ButterflyLayer, HasTheGradientsOfFiniteDifferences) {
  Example example = random_example(8, 2, 3, 3);
  std::vector<Values> inner = example.inputs, gradients = example.parameters;
  run_ranks(8, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const auto me = static_cast<std::size_t>(comm.rank());
    const ConstSlice parameters{std::span{example.parameters[me]}};
    const Slice x = std::span{inner[me]};
    ButterflyLayer layer{8, comm.rank(), 2, 3, x};
    layer.share_factors(checked, parameters);
    layer.forward(checked, parameters, 3, x);
    layer.backward(checked, parameters, 3, x, std::span{gradients[me]});
  });
  const double h = 1e-5;
  const auto slope = [&](double& value) {
    const double before = value;
    value = before + h;
    const double above = half_square(example);
    value = before - h;
    const double below = half_square(example);
    value = before;
    return (above - below) / (2 * h);
  };
  for (const std::size_t rank : {0, 3, 6}) {
    for (std::size_t i = 0; i < example.parameters[rank].size(); i += 5) {
      const double numeric = slope(example.parameters[rank][i]);
      EXPECT_NEAR(gradients[rank][i], numeric, 1e-6 * std::max(1.0, std::abs(numeric)));
    }
    for (std::size_t i = 0; i < 6; ++i) {
      const double numeric = slope(example.inputs[rank][i]);
      EXPECT_NEAR(inner[rank][i], numeric, 1e-6 * std::max(1.0, std::abs(numeric)));
    }
  }
}

TEST(ButterflyLayer, SendsABlockAStageForwardsAndBackwardsAndTheFactorsOnce) {
  std::vector<RecordedRank> logs(16);
  const std::size_t b = 7, count = 5;
  run_ranks(16, [&](Communicator& comm) {
    RecordedRank& log = logs[static_cast<std::size_t>(comm.rank())];
    Recorder recorder{comm, log};
    const Slice like = Slice::phantom(1, Dtype::float64);
    ButterflyLayer layer{16, comm.rank(), b, count, like};
    const Slice parameters = Slice::phantom(layer.size(), Dtype::float64),
                x = Slice::phantom(b * count, Dtype::float64);
    layer.forward(recorder, parameters, count, x);
    EXPECT_EQ(log.messages_sent(), 4u);
    EXPECT_EQ(log.bytes_sent(), 8 * b * count * 4);  // gathering all: 8 · b · B · 15
    layer.backward(recorder, parameters, count, x, parameters);
    EXPECT_EQ(log.bytes_sent(), 2 * 8 * b * count * 4);
    layer.share_factors(recorder, parameters);
    EXPECT_EQ(log.bytes_sent(), 2 * 8 * b * count * 4 + 8 * b * b * 4);
    EXPECT_EQ(log.messages_sent(), 12u);
  });
}

/// After `steps` stale steps on the same inputs, with delays; what was never taken.
std::vector<Values> stale(const Example& example, std::int64_t bound, int steps) {
  std::vector<Values> outputs = example.inputs;
  run_ranks(example.ranks, [&](Communicator& comm) {
    FaultyCommunicator slow{comm, {.longest_delay = Seconds{2e-4}}};
    const auto me = static_cast<std::size_t>(comm.rank());
    const Slice x = std::span{outputs[me]};
    ButterflyLayer layer{example.ranks, comm.rank(), example.block, example.count, x};
    for (int step = 0; step < steps; ++step) {
      outputs[me] = example.inputs[me];
      layer.forward_stale(slow, ConstSlice{std::span{example.parameters[me]}}, example.count,
                          std::span{outputs[me]}, bound);
    }
    EXPECT_LE(layer.finish(slow), bound * layer.stages());
  });
  return outputs;
}

TEST(ButterflyLayer, WithoutWaitingIsTheSameOnceNothingChanges) {
  // On inputs that stay, what stage s sends is right from step s · (bound + 1) on.
  const Example example = random_example(8, 3, 2, 4);
  const auto expected = forwards(example, example.inputs);
  EXPECT_EQ(stale(example, 0, 1), expected);
  for (const std::int64_t bound : {1, 3})
    EXPECT_EQ(stale(example, bound, 3 * static_cast<int>(bound + 1)), expected);
}

TEST(ModelParallel, FindsTheOptimumOfTheModelItIsCutFrom) {
  // B = I, v = 0 at the start: the first step is that of gradient descent on the weights.
  TrainingProblem problem = standard_problem("model_parallel_butterfly");
  problem.data.set(samples_setting, 500);
  problem.stop.steps = 1;
  TrainingHistory first, descent;
  train(8, problem, first);
  problem.strategy = "data_parallel";
  train(1, problem, descent);
  const auto expected = descent.final_parameters().at(0);
  for (const auto& [rank, weights] : first.final_parameters())
    EXPECT_LE(distance(weights, expected), 1e-14 * norm(expected));
  problem.strategy = "model_parallel_butterfly";
  problem.stop.steps = 400;
  TrainingHistory history;
  train(4, problem, history);
  EXPECT_LE(*history.summary().back().gap, 1e-2 * *history.summary().front().gap);
  for (const auto& [rank, weights] : history.final_parameters())
    EXPECT_EQ(weights, history.final_parameters().at(0));
}

TEST(ModelParallel, SendsBlocksOfTheBatchAndNoParametersOfOthers) {
  TrainingProblem problem = standard_problem("model_parallel_butterfly");
  problem.phantom = true;
  problem.batch = 50;
  const auto bytes = [&](std::int64_t steps) {
    problem.stop.steps = steps;
    const auto logs = record_training(4, problem);
    std::uint64_t sum = 0;
    for (const RecordedRank& log : logs) sum += log.bytes_sent();
    return sum;
  };
  // Blocks of 5 features, 51 columns: two stages forwards, backwards, of factors and of weights on
  // each rank, and a ring allreduce of 50 predictions, 2 · 3 of them in all.
  const std::uint64_t stage = 5 * 51 + 5 * 51 + 5 * 5 + 5;
  EXPECT_EQ(bytes(12) - bytes(11), 8 * (4 * 2 * stage + 6 * 50));
}

TEST(ModelParallel, RefusesOtherModelsAndRanks) {
  TrainingProblem problem = standard_problem("model_parallel_butterfly");
  EXPECT_EQ(refusal_of_strategy(problem, 6), "needs a power of two of ranks, 6 given");
  problem.model = "mlp";
  EXPECT_EQ(refusal_of_strategy(problem, 4), "cuts a model \"least_squares\", \"mlp\" given");
}

}  // namespace
}  // namespace troupe::algorithms
