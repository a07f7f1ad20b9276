#pragma once
// Data sets in files as kinds of data: what each can be told, and how it is read. Their shape is
// known by reading them.

#include <array>

#include "algorithms/data/data_kinds.hpp"

namespace troupe::algorithms {

/// What all files can be told, and text files in particular.
inline constexpr Whole first_samples{
    .name = "samples", .fallback = 0, .help = "only the first so many of the file; 0 = all"};
inline constexpr Text file_setting{
    .name = "file", .is_file = true, .help = "path, relative to the scenario's folder"};
inline constexpr Whole classes_setting{
    .name = "classes", .fallback = 0, .help = "how many classes; 0: the target is a number"};
inline constexpr Whole first_label{
    .name = "first_label",
    .fallback = 0,
    .least = -1,
    .most = 1,
    .only = "classes is not 0",
    .help = "number of the first class: 0, 1, or -1 for the two classes -1 and +1"};
inline constexpr Flag standardise_setting{
    .name = "standardise",
    .fallback = false,
    .help = "shift and scale every feature to mean 0 and variance 1"};

/// Comma-separated values.
struct CsvData {
  static constexpr Text target{.name = "target",
                               .help = "the target's column: its name or number; none: the last"};
  static constexpr Text separator{.name = "separator", .fallback = ",", .help = "one character"};
  static constexpr std::array<AnySetting, 7> settings{
      &file_setting,        &target,       &separator, &classes_setting, &first_label,
      &standardise_setting, &first_samples};
  static Dataset load(const Choice& choice, std::uint64_t seed);
};

/// The sparse text of LIBSVM.
struct LibsvmData {
  static constexpr Whole inputs{
      .name = "inputs", .fallback = 0, .help = "features of a sample; 0: the largest index"};
  static constexpr std::array<AnySetting, 6> settings{
      &file_setting, &inputs, &classes_setting, &first_label, &standardise_setting, &first_samples};
  static Dataset load(const Choice& choice, std::uint64_t seed);
};

/// MNIST's files.
struct IdxData {
  static constexpr Text pictures{
      .name = "file", .is_file = true, .help = "the pictures, relative to the scenario's folder"};
  static constexpr Text labels{.name = "labels", .is_file = true, .help = "their labels, likewise"};
  static constexpr Whole classes{
      .name = "classes", .fallback = 10, .least = 2, .most = 256, .help = "how many classes"};
  static constexpr std::array<AnySetting, 4> settings{&pictures, &labels, &classes, &first_samples};
  static Dataset load(const Choice& choice, std::uint64_t seed);
};

/// CIFAR-10's binary files.
struct CifarData {
  static constexpr Text file{
      .name = "file",
      .is_file = true,
      .help =
          "one file, or the folder whose data_batch_*.bin are read in the order of their names"};
  static constexpr std::array<AnySetting, 2> settings{&file, &first_samples};
  static Dataset load(const Choice& choice, std::uint64_t seed);
};

}  // namespace troupe::algorithms
