#include "algorithms/models/perceptron.hpp"

#include <algorithm>

#include "algorithms/models/network_model.hpp"

namespace troupe::algorithms {

Network multi_layer_perceptron(std::span<const std::size_t> widths, ActivationKind activation) {
  EXPECTS(widths.size() >= 2 && std::ranges::min(widths) > 0,
          "a perceptron has inputs and outputs, and no empty layer");
  std::vector<Block> blocks;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    blocks.push_back(
        DenseBlock{.inputs = widths[i],
                   .outputs = widths[i + 1],
                   .activation = i + 2 < widths.size() ? activation : ActivationKind::identity});
  return Network{std::move(blocks)};
}

std::vector<std::size_t> widths_of(const Choice& choice, const Wholes& setting,
                                   const DataShape& shape) {
  const std::vector<std::int64_t> stated = choice[setting];
  if (stated.empty()) return {shape.inputs, 32, NetworkSettings::outputs_for(shape)};
  std::vector<std::size_t> widths(stated.size());
  std::ranges::transform(stated, widths.begin(),
                         [](std::int64_t width) { return static_cast<std::size_t>(width); });
  return widths;
}

std::string refusal_of_widths(std::string_view name, std::span<const std::size_t> widths,
                              const TrainingProblem& problem, const DataShape& shape) {
  const std::size_t outputs = NetworkSettings::outputs_for(shape);
  if (widths.size() < 2)
    return std::string{name} + " has two layers at least, its inputs and its outputs, " +
           std::to_string(widths.size()) + " given";
  if (widths.front() != shape.inputs || widths.back() != outputs)
    return std::string{name} + " goes from " + std::to_string(widths.front()) + " to " +
           std::to_string(widths.back()) + " values, data \"" + problem.data.kind() +
           "\" needs from " + std::to_string(shape.inputs) + " to " + std::to_string(outputs);
  return NetworkSettings::refusal(problem, shape);
}

std::unique_ptr<Model> Perceptron::make(const TrainingProblem& problem, const DataShape& shape) {
  return std::make_unique<NetworkModel>(
      multi_layer_perceptron(widths_of(problem.model, layers, shape),
                             NetworkSettings::activation_of(problem.model)),
      NetworkSettings::loss_of(problem.model, shape), problem.model[NetworkSettings::decay]);
}

std::string Perceptron::refusal(const TrainingProblem& problem, const DataShape& shape) {
  return refusal_of_widths("mlp", widths_of(problem.model, layers, shape), problem, shape);
}

}  // namespace troupe::algorithms
