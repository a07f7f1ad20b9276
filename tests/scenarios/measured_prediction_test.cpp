#include "scenarios/measured_prediction.hpp"

#include <gmock/gmock.h>

#include "algorithms/catalogue.hpp"
#include "core/errors.hpp"
#include "core/random.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::AlphaBetaGamma;
using analysis::MeasuredRow;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const AlphaBetaGamma machine{Seconds{3e-6}, 1.0 / 10e9, 1.0 / 5e9};

/// What an algorithm takes on the machine above, by its closed form.
MeasuredRow row(const char* algorithm, int ranks, std::uint64_t bytes) {
  algorithms::Problem problem;
  problem.ranks = ranks;
  problem.count = bytes / 4;
  const auto& entry = algorithms::find_entry(algorithms::Collective::allreduce, algorithm);
  MeasuredRow row{.op = "allreduce", .algorithm = algorithm, .ranks = ranks, .nodes = ranks};
  row.bytes = bytes;
  row.time = row.p10 = row.p90 = entry.cost(problem, machine).time;
  return row;
}

std::vector<MeasuredRow> rows(std::initializer_list<int> ranks) {
  std::vector<MeasuredRow> all;
  for (const int n : ranks)
    for (const char* algorithm : {"ring", "recursive_doubling", "halving_doubling"})
      for (std::uint64_t bytes = 256; bytes <= 16 << 20; bytes *= 8)
        all.push_back(row(algorithm, n, bytes));
  return all;
}

TEST(MeasuredPrediction, PredictsOtherNumbersOfRanksOnAMachineOfTheModel) {
  const auto found = predict_measured(rows({4, 8, 13, 100}));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].calibrated_on, "4 nodes");
  EXPECT_NEAR(found[0].terms.alpha / machine.alpha, 1, 0.01);
  EXPECT_NEAR(found[0].terms.gamma / machine.gamma, 1, 0.01);
  EXPECT_THAT(found[0].terms.untold, testing::ElementsAre("reduction beyond caches"));
  ASSERT_THAT(found[0].predicted, SizeIs(3 * 3 * 6));
  for (const auto& point : found[0].predicted) EXPECT_LT(point.error(), 0.01) << point.name();
  EXPECT_LT(analysis::largest_error(found), 0.005);
}

TEST(MeasuredPrediction, FindsTheFastestAlgorithm) {
  const auto found = predict_measured(rows({4, 16, 64}));
  ASSERT_THAT(found[0].regrets, SizeIs(2 * 6));
  EXPECT_LT(analysis::geometric_mean_regret(found[0].regrets), 1.01);
  EXPECT_EQ(found[0].regrets.front().recommended, "recursive_doubling");
}

/// Negative control: ranks that wait for each other more, the more they are.
TEST(MeasuredPrediction, IsOffWhereTheMachineDoesWhatNoTermSays) {
  auto measured = rows({4, 64});
  for (auto& one : measured)
    if (one.ranks == 64) one.time = one.p10 = one.p90 = one.time * 1.5;
  const auto found = predict_measured(measured);
  EXPECT_NEAR(analysis::geometric_mean_error(found[0].predicted), 0.5, 0.02);
}

TEST(MeasuredPrediction, StandsNoiseOfAPercent) {
  auto measured = rows({4, 16});
  SplitMix64 random{7};
  for (auto& one : measured) one.time = one.p10 = one.p90 = one.time * random.uniform(0.99, 1.01);
  EXPECT_LT(analysis::largest_error(predict_measured(measured)), 0.03);
}

TEST(MeasuredPrediction, CalibratesOnMessagesAlone) {
  std::vector<MeasuredRow> messages;
  for (std::uint64_t bytes = 1; bytes <= 4 << 20; bytes *= 4) {
    MeasuredRow one{.op = "point_to_point", .ranks = 2, .nodes = 2};
    one.bytes = bytes;
    one.time = one.p10 = one.p90 =
        machine.alpha + Seconds{machine.beta * static_cast<double>(bytes)};
    messages.push_back(one);
  }
  const auto found = predict_measured({row("ring", 16, 1 << 10)}, {.calibration = messages});
  EXPECT_LT(found[0].predicted[0].error(), 0.01);
  EXPECT_THAT(found[0].terms.untold, SizeIs(2));  // nothing was reduced
}

TEST(MeasuredPrediction, ListsWhatItDoesNotScore) {
  auto measured = rows({4, 8});
  const auto scored = predict_measured(measured)[0].predicted.size();
  auto noisy = row("ring", 8, 1 << 10);
  noisy.bytes = 999;
  noisy.p90 = noisy.time * 1.5;
  auto foreign = row("ring", 8, 1 << 10);
  foreign.algorithm = "nvls";
  auto twice = row("ring", 8, 256);  // a slower run of what is there already
  twice.time = twice.p10 = twice.p90 = twice.time * 2;
  measured.insert(measured.end(), {noisy, foreign, twice});
  const auto found = predict_measured(measured);
  EXPECT_EQ(found[0].predicted.size(), scored);
  EXPECT_LT(analysis::largest_error(found), 0.01);
  ASSERT_THAT(found[0].unscored, SizeIs(2));
  EXPECT_THAT(found[0].unscored[0], HasSubstr("noise of 25 %"));
  EXPECT_THAT(found[0].unscored[1], HasSubstr("nvls, 8 ranks on 8 nodes, 1 KiB: no such"));
}

TEST(MeasuredPrediction, SaysWhatIsMissing) {
  const auto message = [](const std::vector<MeasuredRow>& measured,
                          const MeasuredOptions& options = {}) -> std::string {
    try {
      predict_measured(measured, options);
    } catch (const BadInput& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_EQ(message(rows({8})), "the table: nothing to predict: all rows that count have 8 nodes");
  EXPECT_EQ(message(rows({8, 16}), {.calibration = {}, .calibration_nodes = 4}),
            "the table: nothing to calibrate on (4 nodes)");
  auto foreign = row("ring", 8, 1 << 10);
  foreign.algorithm = "nvls";
  EXPECT_THAT(message({foreign}), HasSubstr("nvls"));
}

}  // namespace
}  // namespace troupe::scenarios
