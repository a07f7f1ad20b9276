// Folds cover the samples, and their scores are those of one rank on any number of them.

#include "algorithms/data/folds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "algorithms/data/generators.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"

namespace troupe::algorithms {
namespace {

void expect_split_of(const Split& split, std::size_t samples) {
  std::vector<std::size_t> all = split.training;
  all.insert(all.end(), split.held_out.begin(), split.held_out.end());
  std::ranges::sort(all);
  std::vector<std::size_t> expected(samples);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(all, expected);
}

TEST(HeldOutSamples, AreTheFractionAskedForAndNeverTrainedOn) {
  const Split split = hold_out(1003, 0.2, 1);
  EXPECT_EQ(split.held_out.size(), 201u);
  expect_split_of(split, 1003);
  EXPECT_EQ(hold_out(1003, 0.2, 1).held_out, split.held_out);
  EXPECT_NE(hold_out(1003, 0.2, 2).held_out, split.held_out);
  EXPECT_TRUE(hold_out(10, 0, 1).held_out.empty());
}

TEST(HeldOutSamples, LeaveSomethingToTrainOn) {
  EXPECT_THROW(hold_out(10, 1, 1), BadInput);
  EXPECT_THROW(hold_out(10, -0.1, 1), BadInput);
  EXPECT_THROW(hold_out(10, 0.99, 1), BadInput);
}

TEST(Folds, HoldOutEverySampleExactlyOnce) {
  const auto folds = k_folds(1003, 5, 1);
  ASSERT_EQ(folds.size(), 5u);
  std::vector<std::size_t> held_out;
  for (const Split& fold : folds) {
    expect_split_of(fold, 1003);
    EXPECT_TRUE(fold.held_out.size() == 200 || fold.held_out.size() == 201);
    held_out.insert(held_out.end(), fold.held_out.begin(), fold.held_out.end());
  }
  EXPECT_EQ(held_out.size(), 1003u);
  EXPECT_EQ(std::set(held_out.begin(), held_out.end()).size(), 1003u);
}

TEST(Folds, AreWhatARunKeepsBackWhereItsDataSaySo) {
  DataChoice data;
  EXPECT_FALSE(holds_out(data));
  EXPECT_EQ(split_of(data, 10).training.size(), 10u);
  data.held_out = 0.3;
  EXPECT_EQ(split_of(data, 10).held_out, hold_out(10, 0.3, data.seed).held_out);
  data.held_out = 0;
  data.folds = 5;
  const auto folds = k_folds(1003, 5, data.seed);
  for (data.fold = 0; data.fold < 5; ++data.fold)
    EXPECT_EQ(split_of(data, 1003).held_out, folds[static_cast<std::size_t>(data.fold)].held_out);
  EXPECT_THROW(split_of(data, 1003), BadInput);  // fold 5 of 5
}

TEST(Folds, AreFromTwoToAsManyAsThereAreSamples) {
  EXPECT_THROW(k_folds(10, 1, 1), BadInput);
  EXPECT_THROW(k_folds(10, 11, 1), BadInput);
  EXPECT_EQ(k_folds(10, 10, 1).size(), 10u);
}

TEST(Folds, ScoreTheSameOnAnyNumberOfRanks) {
  const Dataset data = linear(100, 1, 0.3, 1);
  const auto folds = k_folds(data.samples, 7, 1);
  // A line through the origin by least squares, judged by its mean square error.
  const auto score = [&](int number) {
    const Split& fold = folds[static_cast<std::size_t>(number)];
    double xy = 0, xx = 0, error = 0;
    for (const std::size_t n : fold.training) {
      xy += data.feature(n, 0) * data.targets[n];
      xx += data.feature(n, 0) * data.feature(n, 0);
    }
    for (const std::size_t n : fold.held_out) {
      const double residual = data.targets[n] - xy / xx * data.feature(n, 0);
      error += residual * residual / static_cast<double>(fold.held_out.size());
    }
    return error;
  };
  std::vector<double> expected;
  for (int fold = 0; fold < 7; ++fold) expected.push_back(score(fold));
  EXPECT_NEAR(std::accumulate(expected.begin(), expected.end(), 0.0) / 7, 0.09, 0.03);
  for (const int ranks : {1, 2, 3, 5, 9})
    run_loopback(ranks, [&](Communicator& comm) {
      CheckedCommunicator checked{comm};
      EXPECT_EQ(cross_validate(checked, 7, score), expected) << ranks;
    });
}

}  // namespace
}  // namespace troupe::algorithms
