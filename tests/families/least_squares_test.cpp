// The model has the matrices, the optimum and the gradients that it was published with.

#include "algorithms/models/least_squares.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>

#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

struct Normal {
  Matrix matrix;
  Vector vector;
};

Normal normal_of(const TrainingProblem& problem, int shard, int shards) {
  Normal normal{Matrix(20, 20), Vector(20)};
  run_ranks(1, [&](Communicator& comm) {
    QuadraticShard model{problem, shard, shards};
    model.normal_equations(comm, std::span{normal.matrix.data(), 400},
                           std::span{normal.vector.data(), 20});
  });
  return normal;
}

Vector eigenvalues_of(const Matrix& matrix) {
  return Eigen::SelfAdjointEigenSolver<Matrix>{matrix}.eigenvalues();
}

TEST(LeastSquares, HasThePublishedMatrices) {
  const TrainingProblem problem = published_problem(10);
  const Normal first = normal_of(problem, 0, 10);
  EXPECT_NEAR(first.matrix(0, 0), 35.535838757314, 1e-10);
  EXPECT_NEAR(first.matrix(9, 10), 36.778920369297, 1e-10);
  EXPECT_NEAR(first.vector(10), 78.423663276039, 1e-10);

  double least = 1e300, largest = 0;
  for (int shard = 0; shard < 10; ++shard) {
    const Vector values = eigenvalues_of(normal_of(problem, shard, 10).matrix);
    least = std::min(least, values(0));
    largest = std::max(largest, values(19));
  }
  EXPECT_NEAR(least, 2.5903888, 1e-7);
  EXPECT_NEAR(largest, 173.3690326, 1e-6);
}

TEST(LeastSquares, HasThePublishedOptimum) {
  const TrainingProblem problem = published_problem(10);
  Normal sum = normal_of(problem, 0, 10);
  for (int shard = 1; shard < 10; ++shard) {
    const Normal more = normal_of(problem, shard, 10);
    sum.matrix += more.matrix;
    sum.vector += more.vector;
  }
  const Vector optimum = sum.matrix.ldlt().solve(sum.vector);
  EXPECT_NEAR(optimum.norm(), 1.06188711838497, 1e-8);
  EXPECT_NEAR(optimum(0), -0.0621875171083828, 1e-8);
  EXPECT_NEAR(optimum(9), 0.594995096719581, 1e-8);
  EXPECT_NEAR(optimum(19), -0.0622738180122659, 1e-8);

  const Learner model{problem, 0, 1};
  const std::vector<double> values(optimum.begin(), optimum.end());
  const auto evaluation = model.evaluate(ConstSlice{std::span{values}});
  EXPECT_LE(*evaluation->gap, 1e-20);
  EXPECT_LE(*evaluation->error, 1e-8);
}

TEST(LeastSquares, HasTheCurvatureAndLossOfTheStandardProblem) {
  const TrainingProblem problem = standard_problem("data_parallel");
  const Vector values = eigenvalues_of(normal_of(problem, 0, 1).matrix / 10000);
  EXPECT_NEAR(values(0), 0.0027482, 1e-7);
  EXPECT_NEAR(values(19), 0.16321, 1e-5);
  const std::vector<double> zero(20, 0);
  const auto evaluation = Learner{problem, 3, 8}.evaluate(ConstSlice{std::span{zero}});
  EXPECT_NEAR(*evaluation->gap, 0.074882, 1e-6);
  EXPECT_NEAR(evaluation->loss - *evaluation->gap, 0.00671411, 1e-8);
  EXPECT_NEAR(*evaluation->error, 1, 1e-15);
}

TEST(LeastSquares, HasTheGradientOfItsLoss) {
  const TrainingProblem problem = standard_problem("data_parallel");
  run_ranks(1, [&](Communicator& comm) {
    Learner model{problem, 0, 1};
    SplitMix64 random{5};
    std::vector<double> x(20), gradient(20);
    for (double& value : x) value = random.uniform(-1, 1);
    model.gradient(comm, ConstSlice{std::span{x}}, 1, std::span{gradient});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double h = 1e-4, there = x[i];
      x[i] = there + h;
      const double above = model.evaluate(ConstSlice{std::span{x}})->loss;
      x[i] = there - h;
      const double below = model.evaluate(ConstSlice{std::span{x}})->loss;
      x[i] = there;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * h), 1e-8);
    }
  });
}

TEST(LeastSquares, HasTheGradientOfEveryNodesFunction) {
  // f_i(w) = ½ ‖y_i − H_i w‖² + ½ σ_i ‖w‖², σ_i the ridge over the number of nodes
  const TrainingProblem problem = published_problem(10);
  for (const int node : {0, 7}) {
    QuadraticShard shard{problem, node, 10};
    const Batch batch = shard.learner().whole();
    const std::vector<double> rows = to_doubles(batch.inputs), y = to_doubles(batch.targets);
    const Eigen::Map<const Matrix> h{rows.data(), 20, static_cast<Eigen::Index>(batch.count)};
    const Eigen::Map<const Vector> targets{y.data(), h.cols()};
    const auto f = [&](const Vector& w) {
      return 0.5 * (targets - h.transpose() * w).squaredNorm() + 0.5 * 0.1 * w.squaredNorm();
    };
    SplitMix64 random{6};
    Vector w(20);
    for (double& value : w) value = random.uniform(-1, 1);
    const std::vector<double> at(w.begin(), w.end());
    const auto gradient = shard.gradient(ConstSlice{std::span{at}});
    for (int i = 0; i < 20; ++i) {
      const double step = 1e-3;  // exact on quadratics, but for rounding
      const double slope =
          (f(w + step * Vector::Unit(20, i)) - f(w - step * Vector::Unit(20, i))) / (2 * step);
      EXPECT_NEAR(gradient[static_cast<std::size_t>(i)], slope, 1e-8 * w.norm() * 173.4) << i;
    }
  }
}

TEST(LeastSquares, AddsUpFromWeightedShardsOfUnequalSize) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.data.set(samples_setting, 1003);
  const std::vector<double> x(20, 0.25);
  run_ranks(1, [&](Communicator& comm) {
    std::vector<double> whole(20), part(20), sum(20, 0);
    Learner{problem, 0, 1}.gradient(comm, ConstSlice{std::span{x}}, 1, std::span{whole});
    for (int shard = 0; shard < 4; ++shard) {
      Learner model{problem, shard, 4};
      model.gradient(comm, ConstSlice{std::span{x}}, model.share(), std::span{part});
      for (std::size_t i = 0; i < 20; ++i) sum[i] += part[i];
    }
    EXPECT_LE(distance(whole, sum), 1e-15);
  });
}

TEST(LeastSquares, DrawsBatchesThatAreRightOnAverage) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.batch = 20;
  const std::vector<double> x(20, 0.25);
  run_ranks(1, [&](Communicator& comm) {
    Learner model{problem, 2, 8};
    std::vector<double> drawn(20), mean(20, 0), whole(20);
    for (int draw = 0; draw < 2000; ++draw) {
      model.gradient(comm, ConstSlice{std::span{x}}, 1.0 / 2000, std::span{drawn});
      for (std::size_t i = 0; i < 20; ++i) mean[i] += drawn[i];
    }
    problem.batch = 0;
    Learner{problem, 2, 8}.gradient(comm, ConstSlice{std::span{x}}, 1, std::span{whole});
    EXPECT_LE(distance(mean, whole), 0.02 * norm(whole));
  });
}

TEST(LeastSquares, HasSinglePrecisionToo) {
  TrainingProblem problem = standard_problem("data_parallel");
  const std::vector<double> x(20, 0.25);
  const std::vector<float> x32(x.begin(), x.end());
  run_ranks(1, [&](Communicator& comm) {
    std::vector<double> gradient(20);
    std::vector<float> gradient32(20);
    Learner{problem, 0, 4}.gradient(comm, ConstSlice{std::span{x}}, 1, std::span{gradient});
    problem.dtype = Dtype::float32;
    Learner{problem, 0, 4}.gradient(comm, ConstSlice{std::span{x32}}, 1, std::span{gradient32});
    const std::vector<double> widened(gradient32.begin(), gradient32.end());
    EXPECT_LE(distance(gradient, widened), 1e-5 * norm(gradient));
  });
}

TEST(LeastSquares, RefusesWhatCannotBe) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.data.set(samples_setting, 3);
  EXPECT_THROW((Learner{problem, 0, 4}), BadInput);
  problem = standard_problem("data_parallel");
  problem.model = "least_square";
  EXPECT_THROW((Learner{problem, 0, 4}), BadInput);
  problem = standard_problem("data_parallel");
  problem.dtype = Dtype::int32;
  EXPECT_THROW((Learner{problem, 0, 4}), BadInput);
}

}  // namespace
}  // namespace troupe::algorithms
