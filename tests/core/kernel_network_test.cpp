#include "core/kernel_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/kernel.hpp"
#include "tests/core/central_differences.hpp"

namespace troupe {
namespace {

using reference::central_differences, reference::dot, reference::relative_error,
    reference::uniform_values;
using Doubles = std::vector<double>;
constexpr double tolerance = 1e-7;

template <class T>
Slice slice(std::vector<T>& values) {
  return Slice{std::span{values}};
}
void run(const Kernel& kernel) {
  check(kernel);
  run_on_host(kernel);
}
/// Uniform values, none nearer to zero than 0.05, where ReLU has a corner.
Doubles away_from_zero(std::size_t count, std::uint64_t seed) {
  Doubles values = uniform_values(count, seed);
  for (double& x : values) x += x < 0 ? -0.05 : 0.05;
  return values;
}

TEST(Bias, IsAddedToEachChannelOfEachSample) {
  // Two channels of three values, two samples.
  std::vector<float> bias{1, 2}, into(12, 0.5f);
  run(AddBias{.channels = 2, .spatial = 3, .batch = 2, .bias = slice(bias), .into = slice(into)});
  EXPECT_EQ(into, (std::vector<float>{1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 1.5, 1.5, 1.5, 2.5, 2.5, 2.5}));
  Doubles dense{0, 0, 0, 0}, wide{10, 20};
  run(AddBias{.channels = 2, .batch = 2, .bias = slice(wide), .into = slice(dense)});
  EXPECT_EQ(dense, (Doubles{10, 20, 10, 20}));
}

TEST(Bias, IsAddedAndActivatedInOnePassWithTheBitsOfTwo) {
  const auto values = uniform_values(2 * 3 * 50, 31), shifts = uniform_values(6, 32);
  const std::vector<float> start(values.begin(), values.end()), bias(shifts.begin(), shifts.end());
  using enum ActivationKind;
  for (const ActivationKind kind : {identity, tanh, sigmoid, relu, gelu})
    for (const std::size_t spatial : {1u, 3u}) {
      const std::size_t channels = 6 / spatial, batch = 50;
      std::vector<float> once = start, twice = start;
      const ConstSlice b = std::span{bias}.first(channels);
      run(AddBias{channels, spatial, batch, b, slice(once), kind});
      run(AddBias{channels, spatial, batch, b, slice(twice)});
      run(Activation{kind, slice(twice), slice(twice)});
      EXPECT_EQ(once, twice) << name_of(kind) << " " << spatial;
    }
}

TEST(Bias, HasTheSumOverSamplesAndPlacesAsItsGradient) {
  Doubles gradient{1, 2, 3, 4, 5, 6, 7, 8}, into{100, 200};
  const BiasGradient dense{
      .channels = 2, .batch = 4, .gradient = slice(gradient), .into = slice(into)};
  run(dense);
  EXPECT_EQ(into, (Doubles{16, 20}));
  BiasGradient more = dense;
  more.beta = 1;
  run(more);
  EXPECT_EQ(into, (Doubles{32, 40}));
  run(BiasGradient{
      .channels = 2, .spatial = 2, .batch = 2, .gradient = slice(gradient), .into = slice(into)});
  EXPECT_EQ(into, (Doubles{1 + 2 + 5 + 6, 3 + 4 + 7 + 8}));
}

TEST(Activation, HasTheValuesOfItsDefinition) {
  Doubles z{-2, 0, 0.5, 3}, a(4);
  const auto apply = [&](ActivationKind kind) {
    run(Activation{kind, slice(z), slice(a)});
    return a;
  };
  EXPECT_EQ(apply(ActivationKind::identity), z);
  EXPECT_EQ(apply(ActivationKind::relu), (Doubles{0, 0, 0.5, 3}));
  EXPECT_DOUBLE_EQ(apply(ActivationKind::tanh)[2], std::tanh(0.5));
  EXPECT_DOUBLE_EQ(apply(ActivationKind::sigmoid)[0], 1 / (1 + std::exp(2.0)));
  EXPECT_EQ(a[1], 0.5);
  // z Φ(z), Φ(-2) = 0.022750131948179, Φ(0.5) = 0.691462461274013 from tables.
  apply(ActivationKind::gelu);
  EXPECT_NEAR(a[0], -2 * 0.022750131948179, 1e-14);
  EXPECT_NEAR(a[2], 0.5 * 0.691462461274013, 1e-14);
}

TEST(Activation, DoesNotHideANotANumber) {
  std::vector<float> z{std::nanf(""), -1};
  for (const auto kind : {ActivationKind::identity, ActivationKind::tanh, ActivationKind::sigmoid,
                          ActivationKind::relu, ActivationKind::gelu}) {
    std::vector<float> a = z;
    run(Activation{kind, slice(a), slice(a)});
    EXPECT_TRUE(std::isnan(a[0])) << name_of(kind);
    EXPECT_FALSE(std::isnan(a[1])) << name_of(kind);
  }
}

TEST(Activation, HasTheGradientOfCentralDifferences) {
  for (const auto kind : {ActivationKind::identity, ActivationKind::tanh, ActivationKind::sigmoid,
                          ActivationKind::relu, ActivationKind::gelu}) {
    Doubles z = away_from_zero(23, 1), a(23), gradient = uniform_values(23, 2);
    const Doubles weights = gradient;
    const auto forward = [&] {
      run(Activation{kind, slice(z), slice(a)});
      return dot(weights, a);
    };
    const Doubles expected = central_differences(z, forward);
    forward();
    run(ActivationGradient{kind, keeps_input(kind) ? slice(z) : slice(a), slice(gradient)});
    EXPECT_LE(relative_error(gradient, expected), tolerance) << name_of(kind);
  }
}

TEST(Loss, HasTheGradientOfCentralDifferences) {
  constexpr std::size_t batch = 5;
  Doubles targets = uniform_values(3 * batch, 4);
  std::vector<std::int32_t> three{0, 2, 1, 1, 0}, two{0, 1, 1, 0, 1};
  struct Case {
    LossKind kind;
    std::size_t rows;
    ConstSlice targets;
  };
  for (const Case& c : {Case{LossKind::squared_error, 3, slice(targets)},
                        Case{LossKind::softmax_cross_entropy, 3, slice(three)},
                        Case{LossKind::binary_cross_entropy, 1, slice(two)}}) {
    Doubles y = uniform_values(c.rows * batch, 3), losses(batch), gradient(y.size());
    Loss loss{.kind = c.kind,
              .rows = c.rows,
              .batch = batch,
              .weight = 0.25,
              .outputs = slice(y),
              .targets = c.targets,
              .losses = slice(losses)};
    const Doubles expected = central_differences(y, [&] {
      run(loss);
      double sum = 0;
      for (const double one : losses) sum += 0.25 * one;
      return sum;
    });
    loss.losses = {};
    loss.gradient = slice(gradient);
    run(loss);
    EXPECT_LE(relative_error(gradient, expected), tolerance) << name_of(c.kind);
    loss.gradient = slice(y);
    run(loss);
    EXPECT_EQ(y, gradient) << "in place, " << name_of(c.kind);
  }
}

TEST(Loss, IsExactWhereItIsKnown) {
  Doubles y{1, 5}, t{3, 4}, losses(1), gradient(2);
  run(Loss{.rows = 2,
           .batch = 1,
           .outputs = slice(y),
           .targets = slice(t),
           .losses = slice(losses),
           .gradient = slice(gradient)});
  EXPECT_EQ(losses[0], 2.5);
  EXPECT_EQ(gradient, (Doubles{-2, 1}));
  // p − t with equal outputs: 1/4 each.
  Doubles equal(4, 7.0), p(4);
  std::vector<std::int32_t> label{2};
  run(Loss{.kind = LossKind::softmax_cross_entropy,
           .rows = 4,
           .batch = 1,
           .outputs = slice(equal),
           .targets = slice(label),
           .losses = slice(losses),
           .gradient = slice(p)});
  EXPECT_DOUBLE_EQ(losses[0], std::log(4.0));
  EXPECT_EQ(p, (Doubles{0.25, 0.25, -0.75, 0.25}));
}

TEST(Loss, DoesNotOverflow) {
  std::vector<float> y{1e30f, 0, -1e30f}, losses(1), gradient(3);
  std::vector<std::int32_t> label{0};
  Loss loss{.kind = LossKind::softmax_cross_entropy,
            .rows = 3,
            .batch = 1,
            .outputs = slice(y),
            .targets = slice(label),
            .losses = slice(losses),
            .gradient = slice(gradient)};
  run(loss);
  EXPECT_EQ(losses[0], 0.0f);
  EXPECT_EQ(gradient, (std::vector<float>{0, 0, 0}));
  label[0] = 1;
  run(loss);
  EXPECT_EQ(losses[0], 1e30f);
  // Where the other classes are out of sight: log(1 + e^-50) is e^-50, not 0.
  Doubles sure{50}, small(1), slope(1);
  std::vector<std::int32_t> right{1};
  run(Loss{.kind = LossKind::binary_cross_entropy,
           .rows = 1,
           .batch = 1,
           .outputs = slice(sure),
           .targets = slice(right),
           .losses = slice(small),
           .gradient = slice(slope)});
  EXPECT_DOUBLE_EQ(small[0], std::exp(-50.0));
  sure[0] = -800;
  run(Loss{.kind = LossKind::binary_cross_entropy,
           .rows = 1,
           .batch = 1,
           .outputs = slice(sure),
           .targets = slice(right),
           .losses = slice(small),
           .gradient = slice(slope)});
  EXPECT_EQ(small[0], 800.0);
  EXPECT_EQ(slope[0], -1.0);
}

TEST(Loss, RefusesALabelThatIsNoClass) {
  Doubles y(6), losses(2);
  for (const std::int32_t wrong : {-1, 3}) {
    std::vector<std::int32_t> labels{0, wrong};
    try {
      run(Loss{.kind = LossKind::softmax_cross_entropy,
               .rows = 3,
               .batch = 2,
               .outputs = slice(y),
               .targets = slice(labels),
               .losses = slice(losses)});
      FAIL();
    } catch (const BackendError& error) {
      EXPECT_EQ(std::string{error.what()}, "Loss: label " + std::to_string(wrong) +
                                               " of sample 1 of the batch is no class, 0 to 2 are");
    }
  }
}

TEST(NetworkKernel, CostsWhatItsFormulaSays) {
  const auto cost = [](const Kernel& kernel) {
    check(kernel);
    const Work w = work(kernel);
    return std::pair{w.flops.value, w.bytes.value};
  };
  using Pair = std::pair<double, std::uint64_t>;
  const Slice x = Slice::phantom(100), bias = Slice::phantom(10),
              labels = Slice::phantom(10, Dtype::int32);
  EXPECT_EQ(cost(AddBias{.channels = 10, .batch = 10, .bias = bias, .into = x}), Pair(100, 840));
  EXPECT_EQ(cost(AddBias{10, 1, 10, bias, x, ActivationKind::sigmoid}), Pair(500, 840));
  EXPECT_EQ(cost(BiasGradient{.channels = 10, .batch = 10, .gradient = x, .into = bias}),
            Pair(100, 440));
  EXPECT_EQ(cost(Activation{ActivationKind::identity, x, x}), Pair(0, 800));
  EXPECT_EQ(cost(Activation{ActivationKind::gelu, x, x}), Pair(500, 800));
  EXPECT_EQ(cost(ActivationGradient{ActivationKind::tanh, x, x}), Pair(300, 1200));
  EXPECT_EQ(cost(Loss{.kind = LossKind::softmax_cross_entropy,
                      .rows = 10,
                      .batch = 10,
                      .outputs = x,
                      .targets = labels,
                      .gradient = x}),
            Pair(600, 840));
  // 3×3 windows with a border of zeros keep 8×8; 2 channels, 4 filters, 3 images.
  const Windows w{.channels = 2,
                  .height = 8,
                  .width = 8,
                  .window_height = 3,
                  .window_width = 3,
                  .stride = 1,
                  .padding = 1};
  const Slice in = Slice::phantom(3 * 2 * 64), filter = Slice::phantom(4 * 18),
              out = Slice::phantom(3 * 4 * 64);
  const Pair product{2.0 * 3 * 4 * 64 * 18, 4 * (384 + 72 + 768)};
  EXPECT_EQ(cost(Convolution{w, 4, 3, in, filter, out}), product);
  EXPECT_EQ(cost(ConvolutionInputGradient{w, 4, 3, filter, out, in}), product);
  EXPECT_EQ(cost(ConvolutionFilterGradient{w, 4, 3, 0, in, out, filter}), product);
  EXPECT_EQ(cost(Pooling{PoolingKind::max, w, 3, in, in}), Pair(3 * 64 * 18, 3072));
  EXPECT_EQ(cost(PoolingGradient{PoolingKind::average, w, 3, {}, {}, in, in}),
            Pair(3 * 64 * 18, 3072));
  EXPECT_EQ(name_of(Kernel{ConvolutionFilterGradient{}}), "ConvolutionFilterGradient");
}

TEST(NetworkKernel, IsSkippedWithAPhantomOperandButNotForAnEmptyOne) {
  std::vector<float> y{1, 2}, t{0, 0}, losses{-1};
  run(Activation{ActivationKind::relu, ConstSlice{Slice::phantom(2)}, slice(y)});
  EXPECT_EQ(y, (std::vector<float>{1, 2}));
  run(Loss{
      .rows = 2, .batch = 1, .outputs = slice(y), .targets = slice(t), .losses = slice(losses)});
  EXPECT_EQ(losses[0], 2.5f);
}

TEST(NetworkKernel, IsCheckedBeforeItRuns) {
  std::vector<float> two(2), four(4);
  std::vector<double> wide(4);
  std::vector<std::int32_t> labels(4);
  EXPECT_THROW(check(AddBias{.channels = 2, .batch = 1, .bias = slice(two), .into = slice(four)}),
               ContractViolation);
  EXPECT_THROW(check(Activation{ActivationKind::tanh, slice(labels), slice(labels)}),
               ContractViolation);
  EXPECT_THROW(check(Activation{ActivationKind::tanh, slice(four), slice(wide)}),
               ContractViolation);
  EXPECT_THROW(check(Loss{.kind = LossKind::softmax_cross_entropy,
                          .rows = 2,
                          .batch = 2,
                          .outputs = slice(four),
                          .targets = slice(two)}),
               ContractViolation);
  EXPECT_THROW(check(Loss{.kind = LossKind::binary_cross_entropy,
                          .rows = 2,
                          .batch = 2,
                          .outputs = slice(four),
                          .targets = slice(labels)}),
               ContractViolation);
  const Windows large{
      .channels = 1, .height = 2, .width = 2, .window_height = 3, .window_width = 3};
  EXPECT_THROW(check(Convolution{large, 1, 1, slice(four), slice(four), slice(four)}),
               ContractViolation);
  const Windows hollow{.channels = 1,
                       .height = 2,
                       .width = 2,
                       .window_height = 1,
                       .window_width = 1,
                       .stride = 1,
                       .padding = 1};
  EXPECT_THROW(check(Pooling{PoolingKind::max, hollow, 1, slice(four), slice(four)}),
               ContractViolation);
}

}  // namespace
}  // namespace troupe
