#include "algorithms/data/generators.hpp"

#include <cmath>
#include <numbers>

#include "algorithms/data/sinc.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

double dot(const std::vector<double>& weights, const double* x) {
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * x[i];
  return sum;
}

}  // namespace

Dataset sinc(std::size_t samples, double noise, std::uint64_t seed) {
  Dataset data{.samples = samples, .inputs = 1, .outputs = 1};
  for (const Sample& sample : sinc_samples(samples, noise, seed)) {
    data.features.push_back(sample.x);
    data.targets.push_back(sample.y);
  }
  return data;
}

Dataset blobs(std::size_t samples, std::size_t inputs, std::size_t classes, double spread,
              std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<double> centres(inputs * classes);
  for (double& value : centres) value = random.uniform(-1, 1);
  Dataset data{.samples = samples, .inputs = inputs, .classes = classes};
  for (std::size_t n = 0; n < samples; ++n) {
    const std::size_t label = random.below(classes);
    data.labels.push_back(static_cast<std::int32_t>(label));
    for (std::size_t i = 0; i < inputs; ++i)
      data.features.push_back(centres[label * inputs + i] + spread * random.normal());
  }
  return data;
}

Dataset two_spirals(std::size_t samples, double noise, std::uint64_t seed) {
  SplitMix64 random{seed};
  Dataset data{.samples = samples, .inputs = 2, .classes = 2};
  for (std::size_t n = 0; n < samples; ++n) {
    const std::uint64_t label = random.below(2);
    const double radius = std::sqrt(random.u01());  // the arm gets longer as the radius grows
    const double angle = std::numbers::pi * (3 * radius + static_cast<double>(label));
    data.labels.push_back(static_cast<std::int32_t>(label));
    data.features.push_back(radius * std::cos(angle) + noise * random.normal());
    data.features.push_back(radius * std::sin(angle) + noise * random.normal());
  }
  return data;
}

Dataset linear(std::size_t samples, std::size_t inputs, double noise, std::uint64_t seed) {
  const std::vector<double> weights = linear_weights(inputs, seed);
  SplitMix64 random = SplitMix64::of_rank(seed, 1);
  Dataset data{.samples = samples, .inputs = inputs, .outputs = 1};
  for (std::size_t n = 0; n < samples; ++n) {
    for (std::size_t i = 0; i < inputs; ++i) data.features.push_back(random.normal());
    data.targets.push_back(dot(weights, &data.features[n * inputs]) + noise * random.normal());
  }
  return data;
}

std::vector<double> linear_weights(std::size_t inputs, std::uint64_t seed) {
  SplitMix64 random = SplitMix64::of_rank(seed, 0);
  std::vector<double> weights(inputs);
  for (double& weight : weights) weight = random.normal();
  return weights;
}

Dataset tabular(std::size_t samples, std::size_t inputs, std::uint64_t seed) {
  const std::vector<double> weights = tabular_weights(inputs);
  SplitMix64 random{seed};
  Dataset data{.samples = samples, .inputs = inputs, .classes = 2};
  for (std::size_t n = 0; n < samples; ++n) {
    for (std::size_t i = 0; i < inputs; ++i) data.features.push_back(random.normal());
    const double chance = 1 / (1 + std::exp(-dot(weights, &data.features[n * inputs])));
    data.labels.push_back(random.u01() < chance ? 1 : 0);
  }
  return data;
}

std::vector<double> tabular_weights(std::size_t inputs) {
  std::vector<double> weights(inputs);
  for (std::size_t i = 0; i < inputs; ++i)
    weights[i] = (i % 2 ? -2.0 : 2.0) / static_cast<double>(i + 1);
  return weights;
}

}  // namespace troupe::algorithms
