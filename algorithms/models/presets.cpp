#include "algorithms/models/presets.hpp"

#include <algorithm>
#include <array>

#include "algorithms/choice.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::array table{
    Preset{"resnet50", "pictures",
           "He, Zhang, Ren and Sun, Deep residual learning, CVPR 2016, table 1", 25.6e6,
           3 * 224 * 224, resnet50_layers},
    Preset{"vgg16", "pictures",
           "Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015, table 1, column D",
           138.4e6, 3 * 224 * 224, vgg16_layers},
    Preset{"bert_large", "language",
           "Devlin, Chang, Lee and Toutanova, BERT, NAACL 2019, section 3", 340e6, 512,
           bert_large_layers},
    Preset{"gpt2_xl", "language",
           "Radford et al., Language models are unsupervised multitask learners, 2019, table 2",
           1.5e9, 1024, gpt2_xl_layers},
    Preset{"gpt3_175b", "language",
           "Brown et al., Language models are few-shot learners, NeurIPS 2020, table 2.1", 175e9,
           2048, gpt3_175b_layers},
    Preset{"whisper_large", "speech",
           "Radford et al., Robust speech recognition, ICML 2023, table 1", 1550e6, 80 * 3000 + 448,
           whisper_large_layers},
    Preset{"pilotnet", "driving",
           "Bojarski et al., End to end learning for self-driving cars, 2016, figure 4", 250e3,
           3 * 66 * 200, pilotnet_layers},
    Preset{"dlrm", "tables",
           "Naumov et al., Deep learning recommendation model, 2019, section 5: Criteo Kaggle",
           540e6, 13 + 26, dlrm_layers},
    Preset{"deepsea", "genomics",
           "Zhou and Troyanskaya, Predicting effects of noncoding variants, Nature Methods 2015, "
           "supplement",
           52.8e6, 4 * 1000, deepsea_layers},
};

std::size_t pairs_of(std::size_t n) { return n * (n - 1) / 2; }

}  // namespace

std::span<const Preset> presets() { return table; }

const Preset& find_preset(std::string_view name) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const Preset& preset : table) names.emplace_back(preset.name);
  expect_choice("preset", name, names);
  return *std::ranges::find(table, name, &Preset::name);
}

PhantomLayer convolution_layer(std::string name, const Windows& windows, std::size_t filters,
                               bool norm) {
  const std::size_t weights = windows.window_size() * filters;
  const std::size_t outputs = windows.out_pixels() * filters;
  return {.name = std::move(name),
          .parameters = weights + (norm ? 2 : 1) * filters,
          .activations = outputs,
          .forward = Flops{2.0 * static_cast<double>(outputs * windows.window_size())}};
}

PhantomLayer pooling_layer(std::string name, const Windows& windows) {
  return {.name = std::move(name), .activations = windows.out_pixels() * windows.channels};
}

PhantomLayer dense_layer(std::string name, std::size_t inputs, std::size_t outputs,
                         std::size_t positions) {
  return {.name = std::move(name),
          .parameters = inputs * outputs + outputs,
          .activations = outputs * positions,
          .forward = Flops{2.0 * static_cast<double>(inputs * outputs * positions)}};
}

/// 26 tables of 16 values a row, one row for each value that a category of the Criteo Kaggle data
/// set takes; a network 13-512-256-64-16 for the numbers; the products of all pairs of the 27
/// vectors; a network 367-512-256-1 on these and the 16 values (the reference's script for Kaggle).
std::vector<PhantomLayer> dlrm_layers() {
  constexpr std::array<std::size_t, 26> rows{
      1460,  583,  10131227, 2202608, 305, 24,     12517,   633,   3,
      93145, 5683, 8351593,  3194,    27,  14992,  5461306, 10,    5652,
      2173,  4,    7046547,  18,      15,  286181, 105,     142572};
  constexpr std::size_t width = 16, vectors = rows.size() + 1;
  std::vector<PhantomLayer> layers;
  layers.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    layers.push_back({.name = "table" + std::to_string(i),
                      .parameters = rows[i] * width,
                      .activations = width,
                      .is_table = true});
  const auto append = [&](const std::string& name, std::vector<std::size_t> widths) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i)
      layers.push_back(dense_layer(name + std::to_string(i), widths[i], widths[i + 1]));
  };
  append("bottom", {13, 512, 256, 64, width});
  layers.push_back({.name = "products",
                    .activations = pairs_of(vectors) + width,
                    .forward = Flops{2.0 * static_cast<double>(pairs_of(vectors) * width)}});
  append("top", {pairs_of(vectors) + width, 512, 256, 1});
  return layers;
}

}  // namespace troupe::algorithms
