#include "algorithms/data/dataset.hpp"

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

/// The columns of these samples, one after another.
template <class T>
std::vector<T> columns(const std::vector<T>& all, std::size_t height,
                       std::span<const std::size_t> samples) {
  std::vector<T> some;
  if (all.empty()) return some;
  some.reserve(height * samples.size());
  for (const std::size_t n : samples) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(n * height);
    some.insert(some.end(), first, first + static_cast<std::ptrdiff_t>(height));
  }
  return some;
}

void expect_inside(const Dataset& data, std::span<const std::size_t> samples) {
  EXPECTS(std::ranges::all_of(samples, [&](std::size_t n) { return n < data.samples; }),
          "samples are asked for by their index");
}

/// value(sample, row) of every sample and row, in the type of `into`.
template <class T, class Value>
void fill(std::span<const std::size_t> samples, std::size_t height, Slice into, Value value) {
  const auto values = into.host<T>();
  std::size_t at = 0;
  for (const std::size_t n : samples)
    for (std::size_t row = 0; row < height; ++row) values[at++] = static_cast<T>(value(n, row));
}

template <class Value>
void fill(std::span<const std::size_t> samples, std::size_t height, Slice into, Value value) {
  EXPECTS(into.size() == height * samples.size(), "a column of values for each sample");
  if (into.is_phantom()) return;
  if (into.dtype() == Dtype::float32) fill<float>(samples, height, into, value);
  else fill<double>(samples, height, into, value);
}

}  // namespace

std::vector<double> sorting_keys(const Dataset& data) {
  if (data.classes) return {data.labels.begin(), data.labels.end()};
  std::vector<double> keys(data.samples);
  for (std::size_t n = 0; n < data.samples; ++n) keys[n] = data.inputs ? data.feature(n, 0) : 0;
  return keys;
}

Dataset subset(const Dataset& data, std::span<const std::size_t> samples) {
  expect_inside(data, samples);
  return {.samples = samples.size(),
          .inputs = data.inputs,
          .outputs = data.outputs,
          .classes = data.classes,
          .features = columns(data.features, data.inputs, samples),
          .pixels = columns(data.pixels, data.inputs, samples),
          .targets = columns(data.targets, data.outputs, samples),
          .labels = columns(data.labels, 1, samples)};
}

void copy_features(const Dataset& data, std::span<const std::size_t> samples, Slice into) {
  expect_inside(data, samples);
  fill(samples, data.inputs, into,
       [&](std::size_t n, std::size_t row) { return data.feature(n, row); });
}

void copy_targets(const Dataset& data, std::span<const std::size_t> samples, Slice into) {
  expect_inside(data, samples);
  if (data.classes && into.dtype() == Dtype::int32) {
    EXPECTS(into.size() == samples.size(), "a label for each sample");
    if (into.is_phantom()) return;
    fill<std::int32_t>(samples, 1, into,
                       [&](std::size_t n, std::size_t) { return data.labels[n]; });
  } else if (data.classes) {
    fill(samples, data.classes, into, [&](std::size_t n, std::size_t row) {
      return static_cast<std::size_t>(data.labels[n]) == row ? 1 : 0;
    });
  } else {
    fill(samples, data.outputs, into,
         [&](std::size_t n, std::size_t row) { return data.targets[n * data.outputs + row]; });
  }
}

void standardise(Dataset& data) {
  EXPECTS(data.pixels.empty(), "pixels are between 0 and 1 and stay so");
  const auto count = static_cast<double>(data.samples);
  for (std::size_t row = 0; row < data.inputs; ++row) {
    double mean = 0, variance = 0;
    for (std::size_t n = 0; n < data.samples; ++n) mean += data.feature(n, row) / count;
    for (std::size_t n = 0; n < data.samples; ++n)
      variance += (data.feature(n, row) - mean) * (data.feature(n, row) - mean) / count;
    // Of a constant feature nothing but the rounding of its mean would be left to divide by.
    const bool constant = std::sqrt(variance) <= 1e-12 * std::abs(mean) || variance == 0;
    const double scale = constant ? 0 : 1 / std::sqrt(variance);
    for (std::size_t n = 0; n < data.samples; ++n) {
      double& value = data.features[n * data.inputs + row];
      value = scale * (value - mean);
    }
  }
}

}  // namespace troupe::algorithms
