// Models of sizes alone, and the architectures they come from.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>

#include "algorithms/learner.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/models/presets.hpp"
#include "core/recorder.hpp"

namespace troupe::algorithms {
namespace {

std::size_t parameters_of(std::string_view name) {
  return PhantomModel{find_preset(name).layers()}.size();
}
double products_of(std::string_view name) {
  return PhantomModel{find_preset(name).layers()}.forward_flops().value / 2;
}

/// Counted from the shapes, to the last parameter; the published figures are rounded.
TEST(Presets, HaveAsManyParametersAsTheirArchitecture) {
  const std::map<std::string_view, std::size_t> counted{
      {"resnet50", 25557032},      {"vgg16", 138357544},  {"bert_large", 336226108},
      {"gpt2_xl", 1557611200},     {"pilotnet", 252219},  {"whisper_large", 1541384960},
      {"gpt3_175b", 174604259328}, {"deepsea", 52843119}, {"dlrm", 540677217}};
  ASSERT_EQ(presets().size(), counted.size());
  for (const Preset& preset : presets())
    EXPECT_EQ(parameters_of(preset.name), counted.at(preset.name)) << preset.name;
}

/// ResNet-50 25.6 M, VGG-16 138.4 M, BERT-large 340 M, GPT-2 1.5 B, GPT-3 175 B, and the others, to
/// the digits that are published: within half a unit of the last one, except two papers that round
/// more freely. BERT's 340 M is 336.2 M with both heads of pre-training. GPT-2's table says 1542 M
/// (1.5 B) for what has 1557.6 M with its embeddings. PilotNet's "250 thousand" has 252 thousand.
TEST(Presets, AgreeWithThePublishedFigures) {
  const std::map<std::string_view, double> unit{
      {"resnet50", 0.1e6},     {"vgg16", 0.1e6},   {"bert_large", 10e6},
      {"gpt2_xl", 0.12e9},     {"gpt3_175b", 1e9}, {"dlrm", 10e6},
      {"whisper_large", 20e6}, {"pilotnet", 10e3}, {"deepsea", 0.1e6}};
  for (const Preset& preset : presets())
    EXPECT_NEAR(static_cast<double>(parameters_of(preset.name)), preset.published,
                unit.at(preset.name) / 2)
        << preset.name;
}

/// Table 1 of the ResNet paper: 3.8e9 multiplications and additions for 50 layers
/// (counted: 3.86e9); its section 3.3 gives 15.3e9 for the convolutions of VGG-16.
TEST(Presets, DoAsMuchArithmeticAsTheirPapersSay) {
  EXPECT_NEAR(products_of("resnet50"), 3.8e9, 0.1e9);
  const double dense = 512.0 * 49 * 4096 + 4096.0 * 4096 + 4096.0 * 1000;
  EXPECT_NEAR(products_of("vgg16") - dense, 15.3e9, 0.1e9);
  // PilotNet's "about 27 million connections".
  EXPECT_NEAR(products_of("pilotnet"), 27e6, 0.5e6);
}

/// Table D.1 of the GPT-3 paper: 3.14e23 operations for 300 billion tokens, by 6 for each parameter
/// and token: 2 forwards and 4 backwards, attention itself (2 · 2 · 2048 · 12288 · 96 a token, 2.8
/// %) left out.
TEST(Presets, TrainGpt3ForThePublishedNumberOfOperations) {
  const double training = 3 * PhantomModel{gpt3_175b_layers()}.forward_flops().value / 2048 * 300e9;
  EXPECT_NEAR(training / 3.14e23, 1 + 2.0 * 2048 * 12288 * 96 / 174.6e9, 0.005);
}

/// 25557032 → "25 557 032"
std::string in_groups(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3;) text.insert(i -= 3, " ");
  return text;
}
/// 3.858e9 → "3.9 · 10⁹"
std::string rounded(double number) {
  static constexpr std::array<const char*, 10> digits{"⁰", "¹", "²", "³", "⁴",
                                                      "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1e", number);
  const std::string whole{text.data()};
  std::string result = whole.substr(0, 3) + " · 10";
  for (const char digit : std::to_string(std::stoi(whole.substr(4))))
    result += digits[static_cast<std::size_t>(digit - '0')];
  return result;
}
TEST(Presets, StandInTheirPageAsTheyAre) {
  std::ifstream file{TROUPE_SOURCE_DIR "/docs/models.md"};
  const std::string page{std::istreambuf_iterator<char>{file}, {}};
  for (const Preset& preset : presets()) {
    const std::string row = "| `" + std::string{preset.name} + "` | " + std::string{preset.field} +
                            " | " + in_groups(parameters_of(preset.name)) + " | " +
                            rounded(products_of(preset.name)) + " | ";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

TEST(Presets, AreKnownByName) {
  ASSERT_EQ(PhantomModel::names.size(), presets().size() + 1);
  for (std::size_t i = 0; i < presets().size(); ++i)
    EXPECT_EQ(PhantomModel::names[i], presets()[i].name);
  EXPECT_THROW(find_preset("resnet"), BadInput);
  for (const Preset& preset : presets()) {
    EXPECT_FALSE(preset.source.empty());
    EXPECT_GT(preset.layers().size(), 5u);
  }
}

TEST(PhantomModel, ChargesForwardsOnceAndBackwardsTwice) {
  PhantomModel model{{{.name = "a", .parameters = 100, .activations = 8, .forward = Flops{1000}},
                      {.name = "pool", .activations = 4},
                      {.name = "b", .parameters = 50, .activations = 2, .forward = Flops{300}}}};
  EXPECT_EQ(model.size(), 150u);
  EXPECT_EQ(model.activations(), 14u);
  ASSERT_EQ(model.layers().size(), 2u);
  EXPECT_EQ(model.layers()[1].offset, 100u);

  OffTheClock host;
  RecordedRank log;
  Recorder recorder{host, log};
  const Slice parameters = Slice::phantom(150), into = Slice::phantom(150);
  const Batch batch{Slice::phantom(3 * 16), Slice::phantom(3), 3};
  std::vector<std::size_t> ready;
  std::vector<std::uint64_t> kernels;
  model.gradient(recorder, parameters, batch, 1, into, [&](std::size_t layer) {
    ready.push_back(layer);
    kernels.push_back(log.kernels());
  });
  EXPECT_EQ(log.work().flops.value, 3 * 3 * 1300.0);
  EXPECT_EQ(ready, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(kernels, (std::vector<std::uint64_t>{4, 6}));
  // Four bytes each: parameters once forwards and twice backwards, 3 samples of 16, 8, 4, 2 values.
  const std::uint64_t passing = 3 * (16 + 8 + 8 + 4 + 4 + 2);
  EXPECT_EQ(log.work().bytes.value, 4 * (3 * 150 + 3 * passing));
}

TEST(PhantomModel, KnowsHowManyValuesItsSamplesHave) {
  TrainingProblem problem;
  problem.model = "phantom";
  problem.phantom = true;
  problem.data.set(samples_setting, 64);
  const auto inputs = [&] { return make_model(problem)->features_of(1); };
  for (const auto& [name, values] :
       {std::pair{"resnet50", 150528u}, {"gpt2_xl", 1024u}, {"deepsea", 4000u}}) {
    problem.model.set(PhantomModel::preset_setting, name);
    EXPECT_EQ(inputs(), values) << name;
  }
  for (const Preset& preset : presets()) EXPECT_GT(preset.inputs, 0u) << preset.name;
  static constexpr std::array<double, 1> one{1};
  problem.model.set(PhantomModel::preset_setting, "custom")
      .set(PhantomModel::parameters_setting, one)
      .set(PhantomModel::activations_setting, one)
      .set(PhantomModel::flops_setting, one);
  EXPECT_EQ(inputs(), 1u) << "as the data have";
  problem.model.set(PhantomModel::inputs_setting, 784);
  EXPECT_EQ(inputs(), 784u);
  Learner learner{problem, 0, 4};
  EXPECT_EQ(learner.whole().inputs.size(), 784u * 16);
}

TEST(PhantomModel, ReadsOfATableOnlyWhatItHandsOn) {
  PhantomModel model{{{.name = "table", .parameters = 1000, .activations = 5, .is_table = true}}};
  OffTheClock host;
  RecordedRank log;
  Recorder recorder{host, log};
  model.gradient(recorder, Slice::phantom(1000), {Slice::phantom(2), Slice::phantom(2), 2}, 1,
                 Slice::phantom(1000));
  EXPECT_EQ(log.work().bytes.value, 4 * ((10 + 2 + 10) + (1000 + 2 * (2 + 10))));
}

TEST(PhantomModel, RefusesParametersWithValues) {
  PhantomModel model{{{.name = "a", .parameters = 2}}};
  std::vector<float> x(2);
  OffTheClock host;
  EXPECT_THROW(model.initialise(host, std::span{x}, SplitMix64{1}), ContractViolation);
}

}  // namespace
}  // namespace troupe::algorithms
