#include "algorithms/models/convolutional.hpp"

#include <cmath>

#include "algorithms/models/network_model.hpp"

namespace troupe::algorithms {
namespace {

/// The picture of so many inputs as the setting states it, or square with one channel or three;
/// nothing where none fits.
PictureShape picture_of(const Choice& choice, std::size_t inputs) {
  const std::vector<std::int64_t> stated = choice[Convolutional::picture];
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(stated[i]); };
  if (stated.size() == 3) return {at(0), at(1), at(2)};
  if (!stated.empty()) return {};
  for (const std::size_t channels : {1u, 3u}) {
    const auto side = static_cast<std::size_t>(
        std::lround(std::sqrt(static_cast<double>(inputs) / static_cast<double>(channels))));
    if (channels * side * side == inputs) return {channels, side, side};
  }
  return {};
}

ConvolutionalShape shape_of(const TrainingProblem& problem, const DataShape& data) {
  ConvolutionalShape shape{.picture = picture_of(problem.model, data.inputs),
                           .window = static_cast<std::size_t>(problem.model[Convolutional::window]),
                           .hidden = static_cast<std::size_t>(problem.model[Convolutional::hidden]),
                           .outputs = NetworkSettings::outputs_for(data),
                           .activation = NetworkSettings::activation_of(problem.model)};
  for (const std::int64_t filters : problem.model[Convolutional::filters])
    shape.filters.push_back(static_cast<std::size_t>(filters));
  return shape;
}

std::string text(const PictureShape& picture) {
  return std::to_string(picture.channels) + "x" + std::to_string(picture.height) + "x" +
         std::to_string(picture.width);
}

bool can_be_halved(const PictureShape& picture, std::size_t times) {
  return picture.height >> times > 0 && picture.width >> times > 0;
}

}  // namespace

Network convolutional_network(const ConvolutionalShape& shape) {
  EXPECTS(can_be_halved(shape.picture, shape.filters.size()) && shape.window % 2 == 1,
          "a picture is halved after each convolution, whose window is odd");
  std::vector<Block> blocks;
  PictureShape picture = shape.picture;
  for (const std::size_t filters : shape.filters) {
    blocks.push_back(ConvolutionBlock{.windows = {.channels = picture.channels,
                                                  .height = picture.height,
                                                  .width = picture.width,
                                                  .window_height = shape.window,
                                                  .window_width = shape.window,
                                                  .padding = shape.window / 2},
                                      .filters = filters,
                                      .activation = shape.activation});
    blocks.push_back(PoolingBlock{.kind = PoolingKind::max,
                                  .windows = {.channels = filters,
                                              .height = picture.height,
                                              .width = picture.width,
                                              .window_height = 2,
                                              .window_width = 2,
                                              .stride = 2}});
    picture = {filters, picture.height / 2, picture.width / 2};
  }
  blocks.push_back(DenseBlock{
      .inputs = picture.values(), .outputs = shape.hidden, .activation = shape.activation});
  blocks.push_back(DenseBlock{.inputs = shape.hidden, .outputs = shape.outputs});
  return Network{std::move(blocks)};
}

std::unique_ptr<Model> Convolutional::make(const TrainingProblem& problem, const DataShape& shape) {
  return std::make_unique<NetworkModel>(convolutional_network(shape_of(problem, shape)),
                                        NetworkSettings::loss_of(problem.model, shape),
                                        problem.model[NetworkSettings::decay]);
}

std::string Convolutional::refusal(const TrainingProblem& problem, const DataShape& data) {
  const ConvolutionalShape shape = shape_of(problem, data);
  const std::size_t stated = problem.model[picture].size();
  if (stated != 0 && stated != 3)
    return "picture is [channels, height, width], three numbers; " + std::to_string(stated) +
           " given";
  if (shape.picture.values() == 0)
    return "picture is [channels, height, width]; " + std::to_string(data.inputs) +
           " inputs of data \"" + problem.data.kind() +
           "\" are no square of one channel or three, so it has to be stated";
  if (shape.picture.values() != data.inputs)
    return "a picture of " + text(shape.picture) + " has " +
           std::to_string(shape.picture.values()) + " values, data \"" + problem.data.kind() +
           "\" has " + std::to_string(data.inputs);
  if (!can_be_halved(shape.picture, shape.filters.size()))
    return "a picture of " + text(shape.picture) + " cannot be halved " +
           std::to_string(shape.filters.size()) + " times, once for each entry of filters";
  if (shape.window % 2 == 0)
    return "the window of a convolution is odd, " + std::to_string(shape.window) + " given";
  return NetworkSettings::refusal(problem, data);
}

}  // namespace troupe::algorithms
