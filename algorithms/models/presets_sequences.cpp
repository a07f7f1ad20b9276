// Architectures that read sequences: text, speech, genes.

#include "algorithms/models/presets.hpp"

namespace troupe::algorithms {
namespace {

double real(std::size_t count) { return static_cast<double>(count); }

/// Multi-head attention of `queries` positions over `keys`: projections of queries, keys, values
/// and of the result (h×h each), scores and their weighted sums.
PhantomLayer attention(std::size_t h, std::size_t queries, std::size_t keys, bool key_bias = true) {
  return {.name = "attention",
          .parameters = 4 * h * h + (key_bias ? 4 : 3) * h,
          .activations = queries * h,
          .forward = Flops{4 * real(h) * real(h) * (real(queries) + real(keys)) +
                           4 * real(queries) * real(keys) * real(h)}};
}
/// h → 4h → h at each position.
PhantomLayer feed_forward(std::size_t h, std::size_t positions) {
  return {.name = "feed_forward",
          .parameters = 8 * h * h + 5 * h,
          .activations = positions * h,
          .forward = Flops{16 * real(h) * real(h) * real(positions)}};
}
PhantomLayer normalisation(std::string name, std::size_t h, std::size_t positions) {
  return {.name = std::move(name), .parameters = 2 * h, .activations = positions * h};
}
PhantomLayer embedding(std::string name, std::size_t rows, std::size_t h, std::size_t positions) {
  return {.name = std::move(name),
          .parameters = rows * h,
          .activations = positions * h,
          .is_table = true};
}
/// The products with an embedding's own table that give the words: no parameters more.
PhantomLayer tied_outputs(std::string name, std::size_t words, std::size_t h,
                          std::size_t positions) {
  return {.name = std::move(name),
          .activations = positions * words,
          .forward = Flops{2 * real(words) * real(h) * real(positions)}};
}

/// Several of the above as one layer, with a normalisation (2h) for each.
PhantomLayer transformer(std::string name, std::size_t h,
                         std::initializer_list<PhantomLayer> parts) {
  PhantomLayer whole{.name = std::move(name)};
  for (const PhantomLayer& part : parts) {
    whole.parameters += part.parameters + 2 * h;
    whole.activations = part.activations;
    whole.forward += part.forward;
  }
  return whole;
}

/// Vaswani et al. 2017, decoder only, normalised in front: 12h² + 13h parameters a layer.
std::vector<PhantomLayer> gpt_layers(std::size_t depth, std::size_t h, std::size_t words,
                                     std::size_t positions) {
  std::vector<PhantomLayer> layers{embedding("words", words, h, positions),
                                   embedding("positions", positions, h, positions)};
  for (std::size_t i = 0; i < depth; ++i)
    layers.push_back(transformer("layer" + std::to_string(i), h,
                                 {attention(h, positions, positions), feed_forward(h, positions)}));
  layers.push_back(normalisation("norm", h, positions));
  layers.push_back(tied_outputs("outputs", words, h, positions));
  return layers;
}

}  // namespace

/// 24 layers of width 1024 on 512 word pieces of a vocabulary of 30522; embeddings of pieces,
/// positions and two segments; a pooler, and the two heads of pre-training.
std::vector<PhantomLayer> bert_large_layers() {
  constexpr std::size_t h = 1024, positions = 512, words = 30522;
  std::vector<PhantomLayer> layers{
      embedding("words", words, h, positions), embedding("positions", positions, h, positions),
      embedding("segments", 2, h, positions), normalisation("norm", h, positions)};
  for (std::size_t i = 0; i < 24; ++i)
    layers.push_back(transformer("layer" + std::to_string(i), h,
                                 {attention(h, positions, positions), feed_forward(h, positions)}));
  layers.push_back(dense_layer("pooler", h, h));
  layers.push_back(dense_layer("next_sentence", h, 2));
  layers.push_back(transformer("masked_words", h, {dense_layer("transform", h, h, positions)}));
  layers.push_back(tied_outputs("outputs", words, h, positions));
  layers.back().parameters = words;  // a bias each
  return layers;
}

std::vector<PhantomLayer> gpt2_xl_layers() { return gpt_layers(48, 1600, 50257, 1024); }
std::vector<PhantomLayer> gpt3_175b_layers() { return gpt_layers(96, 12288, 50257, 2048); }

/// 30 s of sound as 3000 frames of 80 channels, two convolutions, 32 encoder layers on 1500 frames;
/// 32 decoder layers on 448 tokens of 51865, each looking at its own past and at the encoder. Keys
/// have no bias, positions of the encoder are sines and no parameters.
std::vector<PhantomLayer> whisper_large_layers() {
  constexpr std::size_t h = 1280, frames = 3000, heard = 1500, words = 51865, said = 448;
  const auto frames_of = [](std::size_t channels, std::size_t stride) {
    return Windows{.channels = channels,
                   .height = 1,
                   .width = frames + 2,  // a frame of zeros on both sides
                   .window_height = 1,
                   .window_width = 3,
                   .stride = stride};
  };
  std::vector<PhantomLayer> layers{convolution_layer("conv1", frames_of(80, 1), h),
                                   convolution_layer("conv2", frames_of(h, 2), h)};
  for (std::size_t i = 0; i < 32; ++i)
    layers.push_back(transformer("encoder" + std::to_string(i), h,
                                 {attention(h, heard, heard, false), feed_forward(h, heard)}));
  layers.push_back(normalisation("heard", h, heard));
  layers.push_back(embedding("words", words, h, said));
  layers.push_back(embedding("positions", said, h, said));
  for (std::size_t i = 0; i < 32; ++i)
    layers.push_back(transformer("decoder" + std::to_string(i), h,
                                 {attention(h, said, said, false), attention(h, said, heard, false),
                                  feed_forward(h, said)}));
  layers.push_back(normalisation("norm", h, said));
  layers.push_back(tied_outputs("outputs", words, h, said));
  return layers;
}

/// 1000 bases, one of four each; convolutions of width 8: 320, 480, 960 filters, the first two
/// followed by the maximum of every four; 925 units; 919 chromatin features.
std::vector<PhantomLayer> deepsea_layers() {
  const auto along = [](std::size_t channels, std::size_t length, std::size_t window,
                        std::size_t stride) {
    return Windows{.channels = channels,
                   .height = 1,
                   .width = length,
                   .window_height = 1,
                   .window_width = window,
                   .stride = stride};
  };
  return {convolution_layer("conv1", along(4, 1000, 8, 1), 320),
          pooling_layer("pool1", along(320, 993, 4, 4)),
          convolution_layer("conv2", along(320, 248, 8, 1), 480),
          pooling_layer("pool2", along(480, 241, 4, 4)),
          convolution_layer("conv3", along(480, 60, 8, 1), 960),
          dense_layer("fc", std::size_t{960} * 53, 925),
          dense_layer("features", 925, 919)};
}

}  // namespace troupe::algorithms
