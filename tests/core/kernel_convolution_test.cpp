// Convolution and pooling against their definitions and against central differences.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
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

/// Windows of several shapes: with and without padding and stride, rows that do not come out even.
const Windows shapes[] = {
    {.channels = 2, .height = 5, .width = 4, .window_height = 3, .window_width = 2},
    {.channels = 3,
     .height = 6,
     .width = 7,
     .window_height = 3,
     .window_width = 3,
     .stride = 2,
     .padding = 1},
    {.channels = 1,
     .height = 4,
     .width = 4,
     .window_height = 2,
     .window_width = 2,
     .stride = 2,
     .padding = 0},
    {.channels = 2,
     .height = 2,
     .width = 3,
     .window_height = 5,
     .window_width = 5,
     .stride = 3,
     .padding = 3},
};

/// Value (row, column) of channel c of image j, 0 outside.
double pixel(const Doubles& images, const Windows& w, std::size_t j, std::size_t c,
             std::ptrdiff_t row, std::ptrdiff_t column) {
  if (row < 0 || column < 0 || row >= static_cast<std::ptrdiff_t>(w.height) ||
      column >= static_cast<std::ptrdiff_t>(w.width))
    return 0;
  return images[((j * w.channels + c) * w.height + static_cast<std::size_t>(row)) * w.width +
                static_cast<std::size_t>(column)];
}
std::ptrdiff_t at(const Windows& w, std::size_t out, std::size_t offset) {
  return static_cast<std::ptrdiff_t>(out * w.stride + offset) -
         static_cast<std::ptrdiff_t>(w.padding);
}

TEST(Convolution, EqualsItsDefinition) {
  constexpr std::size_t batch = 2, filters = 3;
  for (const Windows& w : shapes) {
    Doubles input = uniform_values(w.in_size() * batch, 1);
    Doubles filter = uniform_values(w.window_size() * filters, 2);
    Doubles output(w.out_pixels() * filters * batch, std::nan(""));
    run(Convolution{w, filters, batch, slice(input), slice(filter), slice(output)});
    std::size_t place = 0;
    for (std::size_t j = 0; j < batch; ++j)
      for (std::size_t f = 0; f < filters; ++f)
        for (std::size_t y = 0; y < w.out_height(); ++y)
          for (std::size_t x = 0; x < w.out_width(); ++x) {
            double sum = 0;
            std::size_t k = f * w.window_size();
            for (std::size_t c = 0; c < w.channels; ++c)
              for (std::size_t row = 0; row < w.window_height; ++row)
                for (std::size_t column = 0; column < w.window_width; ++column)
                  sum += filter[k++] * pixel(input, w, j, c, at(w, y, row), at(w, x, column));
            ASSERT_NEAR(output[place++], sum, 1e-13);
          }
  }
}

TEST(Convolution, HasTheGradientsOfCentralDifferences) {
  constexpr std::size_t batch = 2, filters = 2;
  for (const Windows& w : shapes) {
    Doubles input = uniform_values(w.in_size() * batch, 1);
    Doubles filter = uniform_values(w.window_size() * filters, 2);
    Doubles output(w.out_pixels() * filters * batch);
    Doubles weights = uniform_values(output.size(), 3);
    const auto forward = [&] {
      run(Convolution{w, filters, batch, slice(input), slice(filter), slice(output)});
      return dot(weights, output);
    };
    Doubles input_gradient(input.size(), std::nan("")), filter_gradient(filter.size(), 1.0);
    run(ConvolutionInputGradient{w, filters, batch, slice(filter), slice(weights),
                                 slice(input_gradient)});
    EXPECT_LE(relative_error(input_gradient, central_differences(input, forward)), tolerance);
    run(ConvolutionFilterGradient{w, filters, batch, -2, slice(input), slice(weights),
                                  slice(filter_gradient)});
    for (double& g : filter_gradient) g += 2;
    EXPECT_LE(relative_error(filter_gradient, central_differences(filter, forward)), tolerance);
  }
}

TEST(Pooling, EqualsItsDefinition) {
  constexpr std::size_t batch = 2;
  for (const Windows& w : {shapes[0], shapes[1], shapes[2]})
    for (const auto kind : {PoolingKind::max, PoolingKind::average}) {
      Doubles input = uniform_values(w.in_size() * batch, 1);
      Doubles output(w.out_pixels() * w.channels * batch);
      run(Pooling{kind, w, batch, slice(input), slice(output)});
      std::size_t place = 0;
      for (std::size_t j = 0; j < batch; ++j)
        for (std::size_t c = 0; c < w.channels; ++c)
          for (std::size_t y = 0; y < w.out_height(); ++y)
            for (std::size_t x = 0; x < w.out_width(); ++x) {
              double largest = -std::numeric_limits<double>::infinity(), sum = 0, count = 0;
              for (std::size_t row = 0; row < w.window_height; ++row)
                for (std::size_t column = 0; column < w.window_width; ++column) {
                  const auto v = at(w, y, row), u = at(w, x, column);
                  if (v < 0 || u < 0 || v >= static_cast<std::ptrdiff_t>(w.height) ||
                      u >= static_cast<std::ptrdiff_t>(w.width))
                    continue;
                  largest = std::max(largest, pixel(input, w, j, c, v, u));
                  sum += pixel(input, w, j, c, v, u);
                  count += 1;
                }
              ASSERT_NEAR(output[place++], kind == PoolingKind::max ? largest : sum / count, 1e-14)
                  << name_of(kind);
            }
    }
}

TEST(Pooling, HasTheGradientOfCentralDifferences) {
  constexpr std::size_t batch = 2;
  for (const Windows& w : {shapes[0], shapes[1], shapes[2]})
    for (const auto kind : {PoolingKind::max, PoolingKind::average}) {
      Doubles input = uniform_values(w.in_size() * batch, 1);
      Doubles output(w.out_pixels() * w.channels * batch);
      Doubles weights = uniform_values(output.size(), 3), gradient(input.size(), std::nan(""));
      const auto forward = [&] {
        run(Pooling{kind, w, batch, slice(input), slice(output)});
        return dot(weights, output);
      };
      const Doubles expected = central_differences(input, forward);
      forward();
      run(PoolingGradient{kind, w, batch, slice(input), slice(output), slice(weights),
                          slice(gradient)});
      EXPECT_LE(relative_error(gradient, expected), tolerance) << name_of(kind);
    }
}

TEST(Pooling, GivesTheGradientOfATieToTheFirst) {
  const Windows w{
      .channels = 1, .height = 2, .width = 2, .window_height = 2, .window_width = 2, .stride = 2};
  std::vector<float> input{1, 3, 3, 3}, output{3}, from{5}, into(4);
  run(PoolingGradient{PoolingKind::max, w, 1, slice(input), slice(output), slice(from),
                      slice(into)});
  EXPECT_EQ(into, (std::vector<float>{0, 5, 0, 0}));
}

}  // namespace
}  // namespace troupe
