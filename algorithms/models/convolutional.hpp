#pragma once
// A small convolutional network for pictures of digits (28×28) or CIFAR (3×32×32): for each entry
// of `filters` a convolution that keeps height and width, activation and 2×2 max pooling, then a
// dense hidden layer and the outputs; LeCun et al. 1998 with today's parts.

#include <array>
#include <memory>
#include <string>

#include "algorithms/models/network.hpp"
#include "algorithms/models/network_settings.hpp"

namespace troupe::algorithms {

struct PictureShape {
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t values() const { return channels * height * width; }
};

struct ConvolutionalShape {
  PictureShape picture{};
  std::vector<std::size_t> filters{};
  std::size_t window = 5;  ///< height and width of a filter, odd
  std::size_t hidden = 0, outputs = 0;
  ActivationKind activation = ActivationKind::relu;
};

/// EXPECTS a picture that can be halved once for each entry of filters, and an odd window.
Network convolutional_network(const ConvolutionalShape& shape);

/// As a kind of model.
struct Convolutional {
  static constexpr std::array<std::int64_t, 2> usual_filters{8, 16};
  static constexpr Wholes picture{
      .name = "picture",
      .least = 1,
      .help = "[channels, height, width]; empty: one channel and square, or three"};
  static constexpr Wholes filters{
      .name = "filters", .fallback = usual_filters, .least = 1, .help = "of each convolution"};
  static constexpr Whole window{
      .name = "window", .fallback = 5, .least = 1, .help = "height and width of a filter, odd"};
  static constexpr Whole hidden{
      .name = "hidden", .fallback = 64, .least = 1, .help = "width of the dense hidden layer"};
  static constexpr std::array<AnySetting, 7> settings{&picture,
                                                      &filters,
                                                      &window,
                                                      &hidden,
                                                      &NetworkSettings::activation,
                                                      &NetworkSettings::loss,
                                                      &NetworkSettings::decay};
  static std::unique_ptr<Model> make(const TrainingProblem& problem, const DataShape& shape);
  static std::string refusal(const TrainingProblem& problem, const DataShape& data);
};

}  // namespace troupe::algorithms
