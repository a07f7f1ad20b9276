#pragma once
// A model known by its sizes alone: what its layers hold, hand on and compute. It costs and
// communicates like the real one, and learns nothing; it refuses parameters that have values.

#include <array>
#include <string>
#include <vector>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

/// One layer of a published architecture. Of the arithmetic, products count (a multiplication and
/// an addition are two operations), as in the tables of the papers; normalisation, activation and
/// pooling do not.
struct PhantomLayer {
  std::string name;
  std::size_t parameters = 0;
  std::size_t activations = 0;  ///< values that one sample hands to the next layer
  Flops forward{};              ///< of one sample
  /// A table of which a sample reads only what it hands on, not all of it.
  bool is_table = false;
};

class PhantomModel final : public Model {
 public:
  /// Those of presets(), and custom.
  static constexpr std::array<std::string_view, 10> names{
      "resnet50",      "vgg16",    "bert_large", "gpt2_xl", "gpt3_175b",
      "whisper_large", "pilotnet", "dlrm",       "deepsea", "custom"};
  static constexpr Text preset_setting{
      .name = "preset",
      .fallback = "resnet50",
      .choices = names,
      .help = "an architecture by name, or custom: the lists below"};
  static constexpr Numbers parameters_setting{
      .name = "parameters", .only = "preset is custom", .help = "of each layer"};
  static constexpr Numbers activations_setting{.name = "activations",
                                               .only = "preset is custom",
                                               .help = "values a sample of each layer hands on"};
  static constexpr Numbers flops_setting{
      .name = "flops", .only = "preset is custom", .help = "of a sample and layer, forwards"};
  static constexpr Whole inputs_setting{
      .name = "inputs",
      .only = "preset is custom",
      .help = "values of a sample as it comes; 0: as the data have"};
  static constexpr std::array<AnySetting, 5> settings{
      &preset_setting, &parameters_setting, &activations_setting, &flops_setting, &inputs_setting};
  static std::unique_ptr<Model> make(const TrainingProblem& problem, const DataShape& shape);
  static std::string refusal(const TrainingProblem& problem, const DataShape& shape);

  /// `inputs`: values of a sample as it comes; 0 leaves them to the data.
  explicit PhantomModel(std::vector<PhantomLayer> table, std::size_t inputs = 0);

  std::span<const PhantomLayer> table() const { return table_; }
  /// Arithmetic of one sample forwards; backwards costs twice as much.
  Flops forward_flops() const;

  std::size_t size() const override { return size_; }
  std::size_t features_of(std::size_t inputs) const override { return inputs_ ? inputs_ : inputs; }
  std::size_t activations() const override;
  /// Those layers that have parameters.
  std::span<const Layer> layers() const override { return layers_; }
  void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const override;
  /// Charges each layer forwards, then backwards from the last: flops as in the table and twice
  /// that; bytes of the parameters and of what comes in and goes out, and backwards of the
  /// gradients of all three too. EXPECTS phantom parameters.
  void gradient(Communicator& comm, ConstSlice parameters, const Batch& batch, double weight,
                Slice into, const LayerReady& ready = {}) override;
  /// EXPECTS never to be asked: there are no values.
  Score score(ConstSlice parameters, const Batch& batch) const override;

 private:
  std::vector<PhantomLayer> table_;
  std::size_t inputs_;
  std::vector<Layer> layers_;
  std::size_t size_ = 0;
};

}  // namespace troupe::algorithms
