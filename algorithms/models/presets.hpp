#pragma once
// Published architectures as phantom models: their layer tables, computed from the shapes in the
// papers, with the papers' own totals to hold them against.

#include <span>
#include <string_view>
#include <vector>

#include "algorithms/models/phantom_model.hpp"

namespace troupe::algorithms {

struct Preset {
  std::string_view name;    ///< "resnet50", …
  std::string_view field;   ///< what it is used for: pictures, language, speech, driving, …
  std::string_view source;  ///< paper, and where in it the figures are
  double published = 0;     ///< parameters as the source gives them, rounded as there
  std::size_t inputs = 0;   ///< values of a sample as it comes: pixels, words, bases
  std::vector<PhantomLayer> (*layers)();
};

std::span<const Preset> presets();
/// Throws BadInput with the nearest name.
const Preset& find_preset(std::string_view name);

// ---- pieces of the tables

/// A convolution with a bias for each filter, or, with `norm`, a batch normalisation (scale and
/// shift) instead.
PhantomLayer convolution_layer(std::string name, const Windows& windows, std::size_t filters,
                               bool norm = false);
/// What a pooling hands on: no parameters, and no products.
PhantomLayer pooling_layer(std::string name, const Windows& windows);
/// outputs × inputs weights and a bias for each output, applied to each of `positions`.
PhantomLayer dense_layer(std::string name, std::size_t inputs, std::size_t outputs,
                         std::size_t positions = 1);

// presets_pictures.cpp
std::vector<PhantomLayer> resnet50_layers();
std::vector<PhantomLayer> vgg16_layers();
std::vector<PhantomLayer> pilotnet_layers();
// presets_sequences.cpp
std::vector<PhantomLayer> bert_large_layers();
std::vector<PhantomLayer> gpt2_xl_layers();
std::vector<PhantomLayer> gpt3_175b_layers();
std::vector<PhantomLayer> whisper_large_layers();
std::vector<PhantomLayer> deepsea_layers();
// presets.cpp
std::vector<PhantomLayer> dlrm_layers();

}  // namespace troupe::algorithms
