// Learning in sum form: one reduction of sums gives what one machine with all samples would have.

#include "algorithms/map_reduce/map_reduce.hpp"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <numeric>

#include "algorithms/data/sinc.hpp"
#include "algorithms/map_reduce/cross_validation.hpp"
#include "algorithms/map_reduce/driver.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

TrainingProblem problem_of(std::string_view way, std::string partition = "strided") {
  TrainingProblem problem = standard_problem("map_reduce");
  problem.strategy.set(MapReduce::reduce, way);
  problem.data.partition = std::move(partition);
  return problem;
}

/// The solution of the standard problem by one machine, independently of everything but the data.
std::vector<double> centralised() {
  const auto samples = sinc_samples(10000, 0.2, 1);
  const double distance = 20.0 / 19, width = 0.7 * distance;
  Eigen::MatrixXd h(10000, 20);
  Eigen::VectorXd y(10000);
  for (Eigen::Index n = 0; n < 10000; ++n) {
    const auto& [x, target] = samples[static_cast<std::size_t>(n)];
    y[n] = target;
    for (Eigen::Index j = 0; j < 20; ++j) {
      const double r = x + 10 - distance * static_cast<double>(j);
      h(n, j) = std::exp(-r * r / (2 * width * width));
    }
  }
  const Eigen::MatrixXd a = h.transpose() * h + Eigen::MatrixXd::Identity(20, 20);
  const Eigen::VectorXd w = a.ldlt().solve(h.transpose() * y);
  return {w.begin(), w.end()};
}

TEST(MapReduceLeastSquares, EqualsTheCentralisedSolution) {
  const std::vector<double> expected = centralised();
  for (const std::string_view way : MapReduce::ways)
    for (const char* partition : {"strided", "sorted", "shuffled"})
      for (const int ranks : {1, 2, 3, 4, 7}) {
        TrainingHistory history;
        train(ranks, problem_of(way, partition), history);
        const auto found = history.final_parameters();
        ASSERT_EQ(found.size(), static_cast<std::size_t>(ranks));
        for (const auto& [rank, w] : found) {
          EXPECT_LE(distance(w, expected), 1e-12 * norm(expected)) << way << " " << ranks;
          EXPECT_EQ(w, found.at(0)) << way << " " << ranks;
        }
      }
}

/// Messages and bytes that each rank of 4 sends.
std::vector<std::pair<std::uint64_t, std::uint64_t>> sent(const TrainingProblem& problem) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> counts(4);
  run_ranks(4, [&](Communicator& comm) {
    RecordedRank log;
    Recorder recorded{comm, log};
    SilentLog silent;
    train(recorded, problem, silent);
    counts[static_cast<std::size_t>(comm.rank())] = {log.messages_sent(), log.bytes_sent()};
  });
  return counts;
}

// L = 20: 210 + 20 words of 8 bytes. Up a binomial tree of four ranks, 1 → 0 and 3 → 2 → 0, then 20
// words down the same way; or around a ring of four in blocks of 58, 58, 57 and 57 words.
TEST(MapReduceLeastSquares, SendsTheLowerHalfAndTheVectorOnceAndNoMore) {
  EXPECT_EQ(packed_size(20), 230u);
  for (const bool phantom : {false, true}) {
    TrainingProblem tree = problem_of("tree");
    tree.phantom = phantom;
    const std::uint64_t up = 230 * 8, down = 20 * 8;
    EXPECT_EQ(sent(tree), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{
                              {2, 2 * down}, {1, up}, {2, up + down}, {1, up}}));
    TrainingProblem ring = problem_of("allreduce");
    ring.phantom = phantom;
    std::uint64_t bytes = 0;
    for (const auto& [messages, rank_bytes] : sent(ring)) {
      EXPECT_EQ(messages, 6u);
      bytes += rank_bytes;
    }
    EXPECT_EQ(bytes, 2 * 3 * up);
  }
}

TEST(MapReduceLeastSquares, PacksAndUnpacksTheLowerHalf) {
  run_ranks(1, [](Communicator& comm) {
    const std::vector<double> matrix{1, 2, 3, -1, 4, 5, -1, -1, 6}, vector{7, 8, 9};
    std::vector<double> packed(9), lower(9, 0), same(3);
    pack(comm, std::span{matrix}, std::span{vector}, std::span{packed});
    EXPECT_EQ(packed, (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
    unpack(comm, std::span{packed}, std::span{lower}, std::span{same});
    EXPECT_EQ(lower, (std::vector<double>{1, 2, 3, 0, 4, 5, 0, 0, 6}));
    EXPECT_EQ(same, vector);
  });
}

TEST(MapReduceDrivers, SumWhatTasksAddAndGiveWhatAllRead) {
  for (const int ranks : {1, 2, 5, 8})
    run_ranks(ranks, [&](Communicator& comm) {
      CheckedCommunicator checked{comm};
      const bool is_driver = comm.rank() == driver;
      Accumulator samples;
      samples.add(comm.rank());
      samples.add(1);
      EXPECT_EQ(samples.collect(checked), is_driver ? ranks * (ranks + 1) / 2 : 0);
      samples.add(1);
      EXPECT_EQ(samples.collect(checked), is_driver ? ranks * (ranks + 3) / 2 : 0);

      std::vector<double> value(3, is_driver ? 2.5 : 0);
      const BroadcastVariable read{checked, std::span{value}};
      for (const double number : read.value().host<double>()) EXPECT_EQ(number, 2.5);
      std::vector<double> mapped(3, comm.rank());
      tree_reduce(checked, std::span{mapped});
      if (is_driver) {
        EXPECT_EQ(mapped[2], ranks * (ranks - 1) / 2);
      }
    });
}

TEST(MapReduceLeastSquares, NeedsAModelWithNormalEquations) {
  TrainingProblem problem = problem_of("tree");
  problem.model = "mlp";
  EXPECT_NE(refusal_of_map_reduce(problem, 4).find("least_squares; \"mlp\" given"),
            std::string::npos);
}

// ---- cross-validation

TrainingProblem seven_folds() {
  TrainingProblem problem = standard_problem("cross_validation");
  problem.strategy.set(CrossValidation::folds, 7);
  static_cast<Choice&>(problem.data) = "tabular";
  problem.data.set(samples_setting, 203);
  problem.model = "logistic_regression";
  problem.batch = 10;
  problem.stop.steps = 40;
  return problem;
}

TEST(CrossValidation, ScoresEachFoldAsARunThatHoldsItOut) {
  TrainingHistory history;
  train(3, seven_folds(), history);
  const auto lines = history.summary();
  ASSERT_EQ(lines.size(), 8u);  // where all start, and a line for each fold
  double mean = 0;
  for (std::size_t fold = 0; fold < 7; ++fold) {
    TrainingProblem alone = seven_folds();
    alone.strategy = "data_parallel";
    alone.data.folds = 7;
    alone.data.fold = static_cast<std::int64_t>(fold);
    TrainingHistory one;
    train(1, alone, one);
    const auto end = one.summary().back();
    EXPECT_EQ(lines[fold + 1].loss, end.loss) << fold;
    EXPECT_EQ(lines[fold + 1].held_out_loss, end.held_out_loss) << fold;
    EXPECT_EQ(lines[fold + 1].held_out_accuracy, end.held_out_accuracy) << fold;
    mean += *end.held_out_loss / 7;
  }
  ASSERT_EQ(history.notes().size(), 1u);
  EXPECT_EQ(history.notes()[0],
            "the loss on held-out samples is " + std::to_string(mean) + " in the mean of 7 folds");
}

TEST(CrossValidation, ScoresTheSameOnAnyNumberOfRanks) {
  const auto scores = [](int ranks) {
    TrainingHistory history;
    train(ranks, seven_folds(), history);
    std::vector<std::optional<double>> all;
    for (const auto& line : history.summary())
      if (line.step > 0) all.push_back(line.held_out_loss);
    return all;
  };
  const auto expected = scores(1);
  for (const int ranks : {2, 3, 7, 9}) EXPECT_EQ(scores(ranks), expected) << ranks;
}

TEST(CrossValidation, SendsScoresAndNothingElse) {
  // up a binomial tree and down again: 7 doubles for each rank but the first, both ways
  std::uint64_t messages = 0, bytes = 0;
  for (const auto& rank : record_training(5, seven_folds())) {
    messages += rank.messages_sent();
    bytes += rank.bytes_sent();
  }
  EXPECT_EQ(messages, 8u);
  EXPECT_EQ(bytes, 8u * 7 * 8);
}

TEST(CrossValidation, RefusesFoldsOfItsOwnProblem) {
  TrainingProblem problem = seven_folds();
  EXPECT_EQ(refusal_of_strategy(problem, 4), "");
  problem.data.held_out = 0.1;
  EXPECT_EQ(refusal_of_strategy(problem, 4),
            "holds out a fold at a time: leave data.folds and data.held_out alone");
  problem = seven_folds();
  problem.strategy.set(CrossValidation::folds, 204);
  EXPECT_NE(refusal_of_strategy(problem, 4), "");
  problem = seven_folds();
  problem.stop.loss = 0.1;
  EXPECT_EQ(refusal_of_strategy(problem, 4),
            "trains each fold for as long: stop after steps alone");
}

}  // namespace
}  // namespace troupe::algorithms
