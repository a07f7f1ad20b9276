// Columns of samples: what is copied where.

#include "algorithms/data/dataset.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

const Dataset numbers{.samples = 3,
                      .inputs = 2,
                      .outputs = 1,
                      .classes = 0,
                      .features = {1, 2, 3, 4, 5, 6},
                      .targets = {10, 20, 30}};
const Dataset pictures{.samples = 2,
                       .inputs = 2,
                       .outputs = 0,
                       .classes = 3,
                       .pixels = {0, 51, 255, 102},
                       .labels = {2, 0}};

TEST(Datasets, CopyFeaturesAsColumnsInTheOrderAskedFor) {
  std::vector<double> wide(4);
  copy_features(numbers, std::vector<std::size_t>{2, 0}, std::span{wide});
  EXPECT_EQ(wide, (std::vector<double>{5, 6, 1, 2}));
  std::vector<float> narrow(4);
  copy_features(pictures, std::vector<std::size_t>{0, 1}, std::span{narrow});
  EXPECT_EQ(narrow, (std::vector<float>{0, 0.2f, 1, 0.4f}));
}

TEST(Datasets, CopyTargetsAsNumbersOneHotColumnsOrLabels) {
  std::vector<double> targets(2);
  copy_targets(numbers, std::vector<std::size_t>{1, 1}, std::span{targets});
  EXPECT_EQ(targets, (std::vector<double>{20, 20}));
  std::vector<float> columns(6);
  copy_targets(pictures, std::vector<std::size_t>{0, 1}, std::span{columns});
  EXPECT_EQ(columns, (std::vector<float>{0, 0, 1, 1, 0, 0}));
  std::vector<std::int32_t> labels(2);
  copy_targets(pictures, std::vector<std::size_t>{1, 0}, std::span{labels});
  EXPECT_EQ(labels, (std::vector<std::int32_t>{0, 2}));
}

TEST(Datasets, LeavePhantomSlicesAloneAndRefuseWrongSizes) {
  const std::vector<std::size_t> all{0, 1};
  copy_features(pictures, all, Slice::phantom(4));
  copy_targets(pictures, all, Slice::phantom(2, Dtype::int32));
  EXPECT_THROW(copy_features(pictures, all, Slice::phantom(5)), ContractViolation);
  EXPECT_THROW(copy_features(pictures, std::vector<std::size_t>{2}, Slice::phantom(2)),
               ContractViolation);
}

TEST(Datasets, KeepWhatIsKnownOfASubset) {
  const Dataset some = subset(pictures, std::vector<std::size_t>{1});
  EXPECT_EQ(some.samples, 1u);
  EXPECT_EQ(some.classes, 3u);
  EXPECT_EQ(some.pixels, (std::vector<std::uint8_t>{255, 102}));
  EXPECT_EQ(some.labels, (std::vector<std::int32_t>{0}));
  EXPECT_TRUE(some.features.empty() && some.targets.empty());
}

TEST(Datasets, SortByLabelOrByTheFirstFeature) {
  EXPECT_EQ(sorting_keys(pictures), (std::vector<double>{2, 0}));
  EXPECT_EQ(sorting_keys(numbers), (std::vector<double>{1, 3, 5}));
}

TEST(Datasets, AreStandardisedToMeanZeroAndVarianceOneConstantsToZero) {
  Dataset data{.samples = 4,
               .inputs = 2,
               .outputs = 1,
               .classes = 0,
               .features = {1, 0.1, 3, 0.1, 5, 0.1, 7, 0.1},
               .targets = {0, 0, 0, 0}};
  standardise(data);
  double sum = 0, squares = 0;
  for (std::size_t n = 0; n < 4; ++n) {
    sum += data.feature(n, 0);
    squares += data.feature(n, 0) * data.feature(n, 0);
    EXPECT_EQ(data.feature(n, 1), 0);
  }
  EXPECT_NEAR(sum, 0, 1e-15);
  EXPECT_NEAR(squares / 4, 1, 1e-15);
}

}  // namespace
}  // namespace troupe::algorithms
