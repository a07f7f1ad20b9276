#pragma once
// A model, some samples and parameters as doubles, and its gradient the analytic and the slow way.

#include <cstdint>
#include <vector>

#include "algorithms/models/model.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "core/checked.hpp"
#include "tests/core/central_differences.hpp"

namespace troupe::algorithms {

struct Trial {
  std::vector<double> inputs, targets, parameters;
  std::vector<std::int32_t> labels;
  std::size_t count = 0;

  /// Uniform inputs; labels below `classes`, or, where that is 0, `outputs` uniform targets each.
  Trial(const Model& model, std::size_t samples, std::size_t features, std::size_t outputs,
        std::size_t classes, std::uint64_t seed = 1)
      : inputs{reference::uniform_values(samples * features, seed)},
        parameters(model.size()),
        count{samples} {
    SplitMix64 draws{seed + 1};
    if (classes == 0) targets = reference::uniform_values(samples * outputs, seed + 2);
    for (std::size_t i = 0; classes > 0 && i < samples; ++i)
      labels.push_back(static_cast<std::int32_t>(draws.below(classes)));
    OffTheClock host;
    model.initialise(host, all(), draws);
    for (double& x : parameters) x += draws.uniform(-0.1, 0.1);  // biases too
  }

  Slice all() { return std::span{parameters}; }
  Batch batch() const {
    const ConstSlice wanted =
        labels.empty() ? ConstSlice{std::span{targets}} : ConstSlice{std::span{labels}};
    return {std::span{inputs}, wanted, count};
  }
  /// Samples [begin, end).
  Batch part(std::size_t begin, std::size_t end) const {
    const Batch whole = batch();
    const auto cut = [&](ConstSlice values) {
      const std::size_t height = values.size() / count;
      return values.subslice(begin * height, (end - begin) * height);
    };
    return {cut(whole.inputs), cut(whole.targets), end - begin};
  }

  std::vector<double> gradient(Model& model, double weight = 1) {
    return gradient(model, batch(), weight);
  }
  std::vector<double> gradient(Model& model, const Batch& samples, double weight = 1) {
    OffTheClock host;
    CheckedCommunicator checked{host};
    std::vector<double> into(model.size(), 1e9);  // overwritten
    model.gradient(checked, all(), samples, weight, std::span{into});
    return into;
  }
  /// How far the gradient is from central differences of the score, relative to its norm.
  double error(Model& model) {
    const std::vector<double> expected = reference::central_differences(
        parameters, [&] { return model.score(all(), batch()).loss; });
    return reference::relative_error(gradient(model), expected);
  }
};

}  // namespace troupe::algorithms
