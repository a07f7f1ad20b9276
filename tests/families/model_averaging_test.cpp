// Means of models: what local SGD, federated averaging, elastic averaging and DiLoCo have to do
// with data parallel training, and where they come to rest.

#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "algorithms/model_averaging/diloco.hpp"
#include "algorithms/model_averaging/easgd.hpp"
#include "algorithms/model_averaging/fedavg.hpp"
#include "algorithms/model_averaging/local_sgd.hpp"
#include "core/recorder.hpp"
#include "tests/families/printed.hpp"
#include "tests/families/replicas.hpp"

namespace troupe::algorithms {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

TEST(LocalSgd, IsDataParallelWhereAMeanFollowsEachStep) {
  const auto expected = trained(4, whole_shards("data_parallel", 40));
  TrainingProblem problem = whole_shards("local_sgd", 40);
  problem.strategy.set(LocalSgd::local_steps, 1);
  expect_close(trained(4, problem), expected);
  problem.strategy.set(LocalSgd::group_size, 2);
  expect_close(trained(4, problem, 3), expected);
}

/// Four shards of 25 samples with the same inputs: the same Hessian, and the same targets too, or
/// not.
TrainingProblem same_inputs(const std::string& strategy, bool same_targets) {
  auto data = std::make_shared<Dataset>(Dataset{.samples = 100, .inputs = 6, .outputs = 1});
  SplitMix64 draws{11};
  std::vector<double> inputs(6);
  for (std::size_t n = 0; n < 25; ++n) {
    for (double& value : inputs) value = draws.uniform(-1, 1);
    const double target = draws.uniform(-1, 1);
    for (std::size_t shard = 0; shard < 4; ++shard) {  // strided: sample 4n + shard
      data->features.insert(data->features.end(), inputs.begin(), inputs.end());
      data->targets.push_back(same_targets ? target : draws.uniform(-1, 1));
    }
  }
  TrainingProblem problem = standard_problem(strategy);
  problem.model.set(LeastSquares::basis, "inputs");
  problem.dataset = std::move(data);
  problem.stop.steps = 40;
  return problem;
}

TEST(LocalSgd, DoesNotDriftWhereAllHaveTheSameData) {
  TrainingProblem problem = same_inputs("local_sgd", true);
  problem.strategy.set(LocalSgd::local_steps, 8);
  problem.evaluate_every = 1;
  TrainingHistory history;
  train(4, problem, history);
  for (std::int64_t step = 0; step <= 40; ++step) {  // between two means as well
    const auto all = history.parameters_at(step);
    for (Rank rank = 1; rank < 4; ++rank)
      EXPECT_LE(distance(all.at(rank), all.at(0)), 1e-15 * (1 + norm(all.at(0)))) << step;
  }
  problem.strategy = "data_parallel";
  expect_close(history.final_parameters().at(0), trained(1, problem));
}

TEST(LocalSgd, OfOneHessianIsAsManyStepsOfOneMachine) {
  // The means of H steps of each are H steps along the mean gradient, and nothing else is.
  TrainingProblem problem = same_inputs("local_sgd", false);
  problem.strategy.set(LocalSgd::local_steps, 8);
  problem.evaluate_every = 1;
  TrainingHistory history;
  train(4, problem, history);
  TrainingProblem alone = problem;
  alone.strategy = "data_parallel";
  TrainingHistory central;
  train(1, alone, central);
  for (std::int64_t round = 1; round <= 5; ++round)
    for (Rank rank = 0; rank < 4; ++rank)
      expect_close(history.parameters_at(8 * round).at(rank),
                   central.parameters_at(8 * round).at(0));
  EXPECT_GT(distance(history.parameters_at(7).at(0), history.parameters_at(7).at(1)), 1e-2);
}

TEST(LocalSgd, SendsAnAllreduceForEveryMean) {
  /// What each rank sends in forty steps.
  const auto bytes_of = [](TrainingProblem problem) {
    problem.phantom = true;
    std::vector<std::uint64_t> bytes(5, 0);
    for (const int more : {1, 0}) {
      problem.stop.steps = 40 + 40 * more;
      const auto logs = record_training(5, problem);
      for (std::size_t rank = 0; rank < 5; ++rank)
        bytes[rank] = more ? logs[rank].bytes_sent() : bytes[rank] - logs[rank].bytes_sent();
    }
    return bytes;
  };
  const auto every_step = bytes_of(standard_problem("data_parallel"));
  EXPECT_EQ(every_step[0], 40u * 2 * 4 * 160 / 5);  // 2(P−1)/P of M
  for (const std::int64_t local_steps : {1, 5, 20}) {
    TrainingProblem problem = standard_problem("local_sgd");
    problem.strategy.set(LocalSgd::local_steps, local_steps);
    const auto rarely = bytes_of(problem);
    for (std::size_t rank = 0; rank < 5; ++rank)
      EXPECT_EQ(rarely[rank] * static_cast<std::uint64_t>(local_steps), every_step[rank]);
  }
}

/// The quadratics of sorted shards: A_r, b_r with f_r = N_r F_r.
struct Shards {
  std::vector<Matrix> matrices;
  std::vector<Vector> vectors;
  Matrix matrix = Matrix::Zero(20, 20);
  Vector vector = Vector::Zero(20);
  explicit Shards(const TrainingProblem& problem, int shards) {
    run_ranks(1, [&](Communicator& comm) {
      for (int shard = 0; shard < shards; ++shard) {
        Matrix a(20, 20);
        Vector b(20);
        QuadraticShard{problem, shard, shards}.normal_equations(comm, std::span{a.data(), 400},
                                                                std::span{b.data(), 20});
        const double samples = 10000.0 / shards;
        matrices.push_back(a / samples);
        vectors.push_back(b / samples);
        matrix += a / 10000;
        vector += b / 10000;
      }
    });
  }
  /// Where rounds of `steps` local steps and a mean come to rest, and how far F is from its least.
  double gap(int steps, double rate) const {
    const auto n = static_cast<double>(matrices.size());
    Matrix map = Matrix::Zero(20, 20);
    Vector offset = Vector::Zero(20);
    for (std::size_t r = 0; r < matrices.size(); ++r) {
      Matrix power = Matrix::Identity(20, 20);
      for (int step = 0; step < steps; ++step)
        power *= Matrix::Identity(20, 20) - rate * matrices[r];
      map += power / n;
      offset += (Matrix::Identity(20, 20) - power) * matrices[r].ldlt().solve(vectors[r]) / n;
    }
    const Vector rest = (Matrix::Identity(20, 20) - map).fullPivLu().solve(offset);
    const Vector d = rest - matrix.ldlt().solve(vector);
    return 0.5 * d.dot(matrix * d);
  }
};

/// Unlike shards and many local steps end off the optimum: the published gaps of the fixed point.
TEST(LocalSgd, ComesToRestOffTheOptimumOfUnlikeShards) {
  TrainingProblem problem = standard_problem("local_sgd");
  problem.data.partition = "sorted";
  const Shards shards{problem, 8};
  const struct {
    int steps;
    double rate;
    const char* gap;
  } published[] = {{5, 0.2, "1.16e-7"}, {5, 0.1, "2.6e-8"},  {5, 0.05, "6.1e-9"},
                   {50, 0.2, "1.4e-5"}, {50, 0.1, "4.6e-6"}, {50, 0.05, "1.1e-6"}};
  for (const auto& [steps, rate, gap] : published)
    EXPECT_TRUE(prints_as(shards.gap(steps, rate), gap)) << steps << " " << rate;
  EXPECT_LE(shards.gap(1, 0.2), 1e-20);
  // as η² where ηH is small
  EXPECT_NEAR(shards.gap(5, 0.01) / shards.gap(5, 0.005), 4, 0.1);
  problem.data.partition = "strided";
  const Shards alike{problem, 8};
  EXPECT_TRUE(prints_as(alike.gap(5, 0.2), "2.3e-10"));
  EXPECT_TRUE(prints_as(alike.gap(50, 0.2), "2.1e-8"));
}

TEST(LocalSgd, ComesToRestWhereItsFixedPointIs) {
  TrainingProblem problem = standard_problem("local_sgd");
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.2;
  problem.strategy.set(LocalSgd::local_steps, 50);
  problem.stop.steps = 8000;
  problem.evaluate_every = 0;
  problem.data.set(samples_setting, 10000);
  TrainingHistory history;
  train(8, problem, history);
  // (1 − ηλ_min)^(2·8000) is 1.5e-4 of the first gap: the rest must be within that of the limit.
  const double gap = *history.summary().back().gap;
  EXPECT_GT(gap, 1.0e-5);
  EXPECT_LT(gap, 1.4e-5 + 0.075 * 1.6e-4 * 2);
}

TEST(FedAvg, IsOneStepOfOneMachineForWholeShardsAndOneEpoch) {
  TrainingProblem alone = whole_shards("data_parallel", 1);
  TrainingProblem problem = whole_shards("fedavg", 1);
  expect_close(trained(5, problem), trained(1, alone));
}

TEST(FedAvg, NeverMovesFurtherThanItsClipAllows) {
  for (const double server_rate : {1.0, 0.5}) {
    TrainingProblem problem = whole_shards("fedavg", 1);
    problem.strategy.set(FedAvg::clip, 1e-3).set(FedAvg::server_rate, server_rate);
    const auto x = trained(5, problem);  // from zero
    EXPECT_LE(norm(x), server_rate * 1e-3 * (1 + 1e-12));
    EXPECT_GT(norm(x), 0.5 * server_rate * 1e-3);
  }
}

TEST(FedAvg, NeverDoesInAnyRoundAndWithAnyClients) {
  // ‖x_{t+1} − x_t‖ ≤ η_s C: several epochs of batches, some of the clients, unequal shards.
  for (const double server_rate : {1.0, 0.5, 2.0})
    for (const double fraction : {1.0, 0.4}) {
      TrainingProblem problem = whole_shards("fedavg", 12);
      problem.strategy.set(FedAvg::clip, 2e-2)
          .set(FedAvg::server_rate, server_rate)
          .set(FedAvg::fraction, fraction)
          .set(FedAvg::epochs, 3);
      problem.batch = 10;
      problem.data.partition = "sorted";
      problem.evaluate_every = 1;
      TrainingHistory history;
      train(6, problem, history);
      for (std::int64_t round = 0; round < 12; ++round)
        EXPECT_LE(
            distance(history.parameters_at(round).at(0), history.parameters_at(round + 1).at(0)),
            server_rate * 2e-2 * (1 + 1e-12))
            << round;
    }
}

TEST(FedAvg, AsksAShareOfTheClients) {
  TrainingProblem problem = whole_shards("fedavg", 10);
  problem.strategy.set(FedAvg::fraction, 0.25);
  const auto logs = record_training(9, problem);
  EXPECT_EQ(logs[0].bytes_sent(), 10u * 2 * 160);  // 2 of 8 clients a round
  std::uint64_t back = 0;
  for (std::size_t client = 1; client < 9; ++client) back += logs[client].bytes_sent() - 8;
  EXPECT_EQ(back, 10u * 2 * 160);
}

TEST(FedAvg, StaysNearTheServerWithAProximalTerm) {
  TrainingProblem problem = whole_shards("fedavg", 1);
  problem.strategy.set(FedAvg::epochs, 50);
  const double free = norm(trained(5, problem));
  problem.strategy.set(FedAvg::proximal, 1.0);
  EXPECT_LT(norm(trained(5, problem)), 0.5 * free);
}

TEST(Diloco, IsLocalSgdWithAnOuterRateOfOneAndNoMomentum) {
  TrainingProblem local = whole_shards("local_sgd", 30);
  const auto expected = trained(4, local);
  TrainingProblem problem = whole_shards("diloco", 30);
  problem.strategy.set(Diloco::inner_steps, 10)
      .set(Diloco::outer_rate, 1.0)
      .set(Diloco::outer_momentum, 0.0);
  expect_close(trained(4, problem), expected);
}

TEST(Easgd, MovesReplicasAndCentreAsThePaperSays) {
  TrainingProblem problem = whole_shards("easgd", 6);
  problem.strategy.set(Easgd::period, 2).set(Easgd::moving_rate, 0.6);
  problem.data.set(samples_setting, 10000);
  const Shards shards{problem, 4};
  std::vector<Vector> x(4, Vector::Zero(20));
  Vector centre = Vector::Zero(20);
  for (int step = 1; step <= 6; ++step) {
    for (std::size_t r = 0; r < 4; ++r)
      x[r] -= problem.optimiser.rate * (shards.matrices[r] * x[r] - shards.vectors[r]);
    if (step % 2) continue;
    const Vector before = centre;
    for (Vector& replica : x) {
      centre += 0.6 / 4 * (replica - before);
      replica -= 0.6 / 4 * (replica - before);
    }
  }
  const std::vector<double> expected(centre.begin(), centre.end());
  expect_close(trained(4, problem, 2), expected);
}

}  // namespace
}  // namespace troupe::algorithms
