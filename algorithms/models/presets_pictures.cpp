// Architectures that look at pictures.

#include "algorithms/models/presets.hpp"

namespace troupe::algorithms {
namespace {

Windows square(std::size_t channels, std::size_t side, std::size_t window, std::size_t stride,
               std::size_t padding) {
  return {.channels = channels,
          .height = side,
          .width = side,
          .window_height = window,
          .window_width = window,
          .stride = stride,
          .padding = padding};
}

}  // namespace

/// 7×7 convolution and 3×3 pooling of a 224×224 picture; 3, 4, 6, 3 blocks of 1×1, 3×3, 1×1
/// convolutions, the last four times as wide; the first block of a stage changes width through a
/// 1×1 convolution beside it and, but for the first stage, halves the picture in its first
/// convolution. Each convolution is normalised and has no bias.
std::vector<PhantomLayer> resnet50_layers() {
  std::vector<PhantomLayer> layers;
  layers.push_back(convolution_layer("conv1", square(3, 224, 7, 2, 3), 64, true));
  layers.push_back(pooling_layer("pool1", square(64, 112, 3, 2, 1)));
  constexpr std::size_t blocks[]{3, 4, 6, 3};
  std::size_t channels = 64, side = 56;
  for (std::size_t stage = 0; stage < 4; ++stage) {
    const std::size_t width = std::size_t{64} << stage;
    for (std::size_t block = 0; block < blocks[stage]; ++block) {
      const std::string name = "conv" + std::to_string(stage + 2) + "_" + std::to_string(block + 1);
      const std::size_t stride = block == 0 && stage > 0 ? 2 : 1;
      const std::size_t inner = side / stride;
      if (block == 0)
        layers.push_back(convolution_layer(name + "_beside", square(channels, side, 1, stride, 0),
                                           4 * width, true));
      layers.push_back(
          convolution_layer(name + "_a", square(channels, side, 1, stride, 0), width, true));
      layers.push_back(convolution_layer(name + "_b", square(width, inner, 3, 1, 1), width, true));
      layers.push_back(
          convolution_layer(name + "_c", square(width, inner, 1, 1, 0), 4 * width, true));
      channels = 4 * width;
      side = inner;
    }
  }
  layers.push_back(pooling_layer("pool5", square(channels, side, side, 1, 0)));
  layers.push_back(dense_layer("fc", channels, 1000));
  return layers;
}

/// 3×3 convolutions 2×64, 2×128, 3×256, 3×512, 3×512, halved after each group; 4096, 4096, 1000.
std::vector<PhantomLayer> vgg16_layers() {
  struct Group {
    std::size_t convolutions, filters;
  };
  std::vector<PhantomLayer> layers;
  std::size_t channels = 3, side = 224, group = 0;
  for (const auto& [convolutions, filters] :
       {Group{2, 64}, Group{2, 128}, Group{3, 256}, Group{3, 512}, Group{3, 512}}) {
    ++group;
    for (std::size_t i = 0; i < convolutions; ++i) {
      layers.push_back(
          convolution_layer("conv" + std::to_string(group) + "_" + std::to_string(i + 1),
                            square(channels, side, 3, 1, 1), filters));
      channels = filters;
    }
    layers.push_back(
        pooling_layer("pool" + std::to_string(group), square(channels, side, 2, 2, 0)));
    side /= 2;
  }
  layers.push_back(dense_layer("fc6", channels * side * side, 4096));
  layers.push_back(dense_layer("fc7", 4096, 4096));
  layers.push_back(dense_layer("fc8", 4096, 1000));
  return layers;
}

/// A 66×200 picture of the road in three colours; 5×5 convolutions 24, 36, 48 with stride 2, 3×3
/// convolutions 64, 64; 100, 50, 10, and the curvature to steer. (The figure says 1164 for the
/// flattened picture, whose shape in the same figure, 64×1×18, has 1152 values.)
std::vector<PhantomLayer> pilotnet_layers() {
  struct Step {
    std::size_t filters, window, stride;
  };
  std::vector<PhantomLayer> layers;
  Windows windows{.channels = 3, .height = 66, .width = 200};
  for (const auto& [filters, window, stride] :
       {Step{24, 5, 2}, Step{36, 5, 2}, Step{48, 5, 2}, Step{64, 3, 1}, Step{64, 3, 1}}) {
    windows.window_height = windows.window_width = window;
    windows.stride = stride;
    layers.push_back(
        convolution_layer("conv" + std::to_string(layers.size() + 1), windows, filters));
    windows = {.channels = filters, .height = windows.out_height(), .width = windows.out_width()};
  }
  std::size_t inputs = windows.in_size();
  for (const std::size_t outputs : {100u, 50u, 10u, 1u}) {
    layers.push_back(dense_layer("fc" + std::to_string(layers.size() + 1), inputs, outputs));
    inputs = outputs;
  }
  return layers;
}

}  // namespace troupe::algorithms
