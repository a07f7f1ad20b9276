#pragma once
// The multi-layer perceptron: dense layers with one activation, the last one linear.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "algorithms/models/network.hpp"
#include "algorithms/models/network_settings.hpp"

namespace troupe::algorithms {

/// Dense blocks from widths[0] inputs to widths.back() outputs. EXPECTS two widths at least, all
/// above 0.
Network multi_layer_perceptron(std::span<const std::size_t> widths, ActivationKind activation);

/// As a kind of model: a NetworkModel of it.
struct Perceptron {
  static constexpr Wholes layers{
      .name = "layers",
      .least = 1,
      .help = "widths from inputs to outputs: [784, 128, 64, 10]; empty: one hidden layer of 32"};
  static constexpr std::array<AnySetting, 4> settings{
      &layers, &NetworkSettings::activation, &NetworkSettings::loss, &NetworkSettings::decay};
  static std::unique_ptr<Model> make(const TrainingProblem& problem, const DataShape& shape);
  static std::string refusal(const TrainingProblem& problem, const DataShape& shape);
};

/// The widths that the setting states, or inputs, 32, outputs.
std::vector<std::size_t> widths_of(const Choice& choice, const Wholes& setting,
                                   const DataShape& shape);
/// Why a network of these widths does not fit the data, or empty. `name` is the model's.
std::string refusal_of_widths(std::string_view name, std::span<const std::size_t> widths,
                              const TrainingProblem& problem, const DataShape& shape);

}  // namespace troupe::algorithms
