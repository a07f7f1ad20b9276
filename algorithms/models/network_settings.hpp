#pragma once
// What networks have in common when a scenario describes one: activation, loss, decay.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "algorithms/models/model.hpp"
#include "core/kernel_network.hpp"

namespace troupe::algorithms {

struct NetworkSettings {
  static constexpr std::array<std::string_view, 5> activations{"identity", "tanh", "sigmoid",
                                                               "relu", "gelu"};
  static constexpr Text activation{.name = "activation",
                                   .fallback = "relu",
                                   .choices = activations,
                                   .help = "of all layers but the last, which has none"};
  static constexpr std::array<std::string_view, 3> losses{"auto", "squared_error",
                                                          "softmax_cross_entropy"};
  static constexpr Text loss{
      .name = "loss",
      .fallback = "auto",
      .choices = losses,
      .help = "auto: softmax_cross_entropy for classes, squared_error for targets"};
  static constexpr Number decay{
      .name = "decay", .fallback = 0, .help = "lambda of 1/2 lambda |w|^2, biases included"};

  static ActivationKind activation_of(const Choice& choice);
  static LossKind loss_of(const Choice& choice, const DataShape& shape);
  /// Why the loss does not go with the data, or empty.
  static std::string refusal(const TrainingProblem& problem, const DataShape& shape);
  /// Outputs of a network for such data.
  static std::size_t outputs_for(const DataShape& shape) {
    return shape.classes > 0 ? shape.classes : shape.outputs;
  }
};

}  // namespace troupe::algorithms
