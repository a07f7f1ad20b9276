#pragma once
// Samples in memory, whatever they were made from: a column of features for each, and either real
// targets or the number of a class. No model and no partition is known here.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/slice.hpp"

namespace troupe::algorithms {

/// Column-major: the features of one sample are neighbours, and so are its targets.
struct Dataset {
  std::size_t samples = 0;
  std::size_t inputs = 0;              ///< features of a sample
  std::size_t outputs = 0;             ///< targets of a sample; 0 where there are classes
  std::size_t classes = 0;             ///< 0 where there are targets
  std::vector<double> features{};      ///< inputs × samples; empty where there are pixels
  std::vector<std::uint8_t> pixels{};  ///< inputs × samples, of pictures: p is the feature p / 255
  std::vector<double> targets{};       ///< outputs × samples
  std::vector<std::int32_t> labels{};  ///< of each sample, 0 ≤ label < classes

  double feature(std::size_t sample, std::size_t input) const {
    const std::size_t at = sample * inputs + input;
    return pixels.empty() ? features[at] : pixels[at] / 255.0;
  }
};

/// What "sorted" sorts by, one of each sample: the label, or the first feature where there is none.
std::vector<double> sorting_keys(const Dataset& data);

/// The samples of these indices, in this order. EXPECTS them to be inside.
Dataset subset(const Dataset& data, std::span<const std::size_t> samples);

/// The features of these samples as columns: `into` has inputs · samples.size() values of float32
/// or float64. A phantom slice stays what it is.
void copy_features(const Dataset& data, std::span<const std::size_t> samples, Slice into);

/// What these samples should give, as columns: outputs · samples.size() values of float32 or
/// float64; of classes either classes · samples.size(), 1 at the label and 0 elsewhere, or, into
/// int32, samples.size() labels. A phantom slice stays what it is.
void copy_targets(const Dataset& data, std::span<const std::size_t> samples, Slice into);

/// Shifts and scales each feature to mean 0 and variance 1 over all samples; a constant one becomes
/// 0. EXPECTS features, not pixels.
void standardise(Dataset& data);

}  // namespace troupe::algorithms
