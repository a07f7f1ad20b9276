#include "core/kernel_update.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/kernel.hpp"

namespace troupe {
namespace {

using Doubles = std::vector<double>;

template <class T>
Slice slice(std::vector<T>& values) {
  return Slice{std::span{values}};
}
void run(const Kernel& kernel) {
  check(kernel);
  run_on_host(kernel);
}

/// v after ten steps with g = 1 and β = 0.9: 1 − 0.9^10 as a mean, ten times that as a heavy ball.
TEST(MomentumStep, SumsAConstantGradientAsItsFormSays) {
  for (const double dampening : {0.0, 0.9}) {
    Doubles g{1}, v{0}, x{0};
    for (int step = 0; step < 10; ++step)
      run(MomentumStep{.rate = 0,
                       .momentum = 0.9,
                       .dampening = dampening,
                       .gradient = slice(g),
                       .velocity = slice(v),
                       .parameters = slice(x)});
    EXPECT_NEAR(v[0], dampening == 0 ? 6.513215599 : 0.6513215599, 5e-10);
  }
}

TEST(MomentumStep, IsTheSameAsAMeanWithTheRateDividedByOneMinusBeta) {
  Doubles heavy{1, -2}, mean = heavy, v{0, 0}, w = v;
  for (int step = 0; step < 20; ++step) {
    Doubles g{3 * heavy[0], 0.5 * heavy[1]}, h{3 * mean[0], 0.5 * mean[1]};
    run(MomentumStep{.rate = 0.01,
                     .momentum = 0.9,
                     .gradient = slice(g),
                     .velocity = slice(v),
                     .parameters = slice(heavy)});
    run(MomentumStep{.rate = 0.1,
                     .momentum = 0.9,
                     .dampening = 0.9,
                     .gradient = slice(h),
                     .velocity = slice(w),
                     .parameters = slice(mean)});
  }
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(heavy[i], mean[i], 1e-14);
}

/// ½(x₁² + 100 x₂²): the error of the heavy ball falls by (√κ−1)/(√κ+1) = 0.818182 a step at
/// α = 4/(√L+√μ)², β = ((√κ−1)/(√κ+1))², that of gradient descent by (κ−1)/(κ+1) = 0.980198 at
/// 2/(L+μ). The optimal heavy ball has a double root ρ, so its error is k ρ^k: the quotient over
/// one step is ρ(1 + 1/k), and what is compared is the k-th power.
TEST(MomentumStep, HasTheOptimalRateOnAQuadratic) {
  const double rate = 4 / std::pow(10.0 + 1.0, 2), momentum = std::pow(9.0 / 11.0, 2);
  EXPECT_NEAR(rate, 0.033058, 5e-7);
  EXPECT_NEAR(momentum, 0.669421, 5e-7);
  const auto error_after = [](int steps, double alpha, double beta) {
    Doubles x{1, 1}, v{0, 0};
    for (int step = 0; step < steps; ++step) {
      Doubles g{x[0], 100 * x[1]};
      run(MomentumStep{.rate = alpha,
                       .momentum = beta,
                       .gradient = slice(g),
                       .velocity = slice(v),
                       .parameters = slice(x)});
    }
    return std::hypot(x[0], x[1]);
  };
  const double fast = error_after(200, rate, momentum) / error_after(100, rate, momentum);
  EXPECT_NEAR(std::pow(fast / 2, 1.0 / 100), 0.818182, 1e-3);
  const double slow = error_after(200, 2.0 / 101, 0) / error_after(100, 2.0 / 101, 0);
  EXPECT_NEAR(std::pow(slow, 1.0 / 100), 0.980198, 1e-6);
}

TEST(MomentumStep, LooksAheadWithNesterov) {
  Doubles g{1}, v{2}, x{0};
  run(MomentumStep{.rate = 0.5,
                   .momentum = 0.9,
                   .nesterov = true,
                   .gradient = slice(g),
                   .velocity = slice(v),
                   .parameters = slice(x)});
  EXPECT_DOUBLE_EQ(v[0], 2.8);
  EXPECT_DOUBLE_EQ(x[0], -0.5 * (1 + 0.9 * 2.8));
}

TEST(AdamStep, MovesByTheRateAtFirstWhateverTheGradient) {
  Doubles g{1e-3, -50}, m{0, 0}, s{0, 0}, x{1, 1};
  run(AdamStep{.rate = 0.01,
               .epsilon = 0,
               .step = 1,
               .gradient = slice(g),
               .mean = slice(m),
               .squares = slice(s),
               .parameters = slice(x)});
  EXPECT_NEAR(x[0], 0.99, 1e-15);
  EXPECT_NEAR(x[1], 1.01, 1e-15);
}

TEST(AdamStep, EqualsItsDefinitionOverSeveralSteps) {
  std::vector<float> g{0.5f}, m{0}, s{0}, x{2};
  double mean = 0, squares = 0, parameter = 2;
  for (int t = 1; t <= 5; ++t) {
    const double gradient = 0.5 * t;
    g[0] = static_cast<float>(gradient);
    mean = 0.8 * mean + 0.2 * gradient;
    squares = 0.9 * squares + 0.1 * gradient * gradient;
    const double direction =
        mean / (1 - std::pow(0.8, t)) / (std::sqrt(squares / (1 - std::pow(0.9, t))) + 0.1);
    parameter -= 0.01 * (direction + 0.3 * parameter);
    run(AdamStep{.rate = 0.01,
                 .beta1 = 0.8,
                 .beta2 = 0.9,
                 .epsilon = 0.1,
                 .weight_decay = 0.3,
                 .step = t,
                 .gradient = slice(g),
                 .mean = slice(m),
                 .squares = slice(s),
                 .parameters = slice(x)});
  }
  EXPECT_NEAR(x[0], parameter, 1e-6);
}

TEST(AdaGradStep, DividesByTheRootOfTheSumOfSquares) {
  Doubles g{3, 0}, s{16, 0}, x{1, 1};
  run(AdaGradStep{.rate = 0.5,
                  .epsilon = 1,
                  .gradient = slice(g),
                  .squares = slice(s),
                  .parameters = slice(x)});
  EXPECT_EQ(s, (Doubles{25, 0}));
  EXPECT_EQ(x, (Doubles{1 - 0.5 * 3 / 6, 1}));
}

TEST(DelayCompensation, IsNothingWithoutDelayOrStrength) {
  Doubles g{2, -3}, x{1, 1}, old{0, 4};
  const Doubles before = g;
  run(DelayCompensation{.parameters = slice(x), .old_parameters = slice(x), .gradient = slice(g)});
  EXPECT_EQ(g, before);
  run(DelayCompensation{
      .strength = 0, .parameters = slice(x), .old_parameters = slice(old), .gradient = slice(g)});
  EXPECT_EQ(g, before);
  run(DelayCompensation{
      .strength = 0.5, .parameters = slice(x), .old_parameters = slice(old), .gradient = slice(g)});
  EXPECT_EQ(g, (Doubles{2 + 0.5 * 4 * 1, -3 + 0.5 * 9 * -3}));
}

TEST(DelayCompensation, AdaptsItsStrengthToTheMeanSquare) {
  Doubles g{2}, x{1}, old{0}, s{3};
  run(DelayCompensation{.strength = 2,
                        .decay = 0.5,
                        .epsilon = 0.5,
                        .parameters = slice(x),
                        .old_parameters = slice(old),
                        .squares = slice(s),
                        .gradient = slice(g)});
  EXPECT_EQ(s[0], 3.5);
  EXPECT_EQ(g[0], 2 + 2 / 2.0 * 4 * 1);
}

TEST(Interpolate, KeepsARunningMean) {
  Doubles mean{100};
  for (int k = 1; k <= 8; ++k) {
    Doubles value{static_cast<double>(k)};
    run(Interpolate{1.0 / k, slice(value), slice(mean)});
  }
  EXPECT_DOUBLE_EQ(mean[0], 4.5);
}

TEST(UpdateKernel, CostsWhatItsFormulaSays) {
  const Slice x = Slice::phantom(100, Dtype::float64);
  const auto cost = [](const Kernel& kernel) {
    check(kernel);
    const Work w = work(kernel);
    return std::pair{w.flops.value, w.bytes.value};
  };
  using Pair = std::pair<double, std::uint64_t>;
  MomentumStep momentum{.gradient = x, .velocity = x, .parameters = x};
  EXPECT_EQ(cost(momentum), Pair(500, 4000));
  momentum.nesterov = true;
  EXPECT_EQ(cost(momentum), Pair(700, 4000));
  EXPECT_EQ(cost(AdamStep{.gradient = x, .mean = x, .squares = x, .parameters = x}),
            Pair(1400, 5600));
  EXPECT_EQ(cost(AdaGradStep{.gradient = x, .squares = x, .parameters = x}), Pair(700, 4000));
  DelayCompensation compensation{.parameters = x, .old_parameters = x, .gradient = x};
  EXPECT_EQ(cost(compensation), Pair(500, 3200));
  compensation.squares = x;
  EXPECT_EQ(cost(compensation), Pair(1100, 4800));
  EXPECT_EQ(cost(Interpolate{0.5, x, x}), Pair(300, 2400));
  EXPECT_EQ(name_of(Kernel{AdamStep{}}), "AdamStep");
}

TEST(UpdateKernel, IsCheckedBeforeItRunsAndSkippedWithAPhantomOperand) {
  std::vector<float> two{1, 1}, three(3);
  std::vector<std::int32_t> integers(2);
  EXPECT_THROW(check(Interpolate{1, slice(two), slice(three)}), ContractViolation);
  EXPECT_THROW(check(Interpolate{1, slice(integers), slice(integers)}), ContractViolation);
  EXPECT_THROW(check(AdamStep{.step = 0,
                              .gradient = slice(two),
                              .mean = slice(two),
                              .squares = slice(two),
                              .parameters = slice(two)}),
               ContractViolation);
  run(Interpolate{1, ConstSlice{Slice::phantom(2)}, slice(two)});
  EXPECT_EQ(two[0], 1.0f);
}

}  // namespace
}  // namespace troupe
