#pragma once
// The generated data sets as kinds of data: what each can be told, how it is drawn, its shape.

#include <array>

#include "algorithms/data/data_kinds.hpp"

namespace troupe::algorithms {

/// sin(x)/x with noise (data/sinc.hpp).
struct SincData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr Number noise{
      .name = "noise", .fallback = 0.2, .help = "y = sin(x)/x + noise · uniform(-1, 1)"};
  static constexpr std::array<AnySetting, 2> settings{&samples, &noise};
  static Dataset load(const Choice& choice, std::uint64_t seed);
  static DataShape shape(const Choice& choice);
};

/// Two classes or more of points around their centres.
struct BlobsData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr Whole inputs{
      .name = "inputs", .fallback = 2, .least = 1, .help = "features of a sample"};
  static constexpr Whole classes{
      .name = "classes", .fallback = 3, .least = 2, .help = "clusters, one for each class"};
  static constexpr Number spread{
      .name = "spread", .fallback = 0.2, .help = "standard deviation around a centre"};
  static constexpr std::array<AnySetting, 4> settings{&samples, &inputs, &classes, &spread};
  static Dataset load(const Choice& choice, std::uint64_t seed);
  static DataShape shape(const Choice& choice);
};

/// Two classes of points on arms of a spiral around each other.
struct SpiralsData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr Number noise{
      .name = "noise", .fallback = 0.02, .help = "standard deviation around the arm"};
  static constexpr std::array<AnySetting, 2> settings{&samples, &noise};
  static Dataset load(const Choice& choice, std::uint64_t seed);
  static DataShape shape(const Choice& choice);
};

/// Drawn digits.
struct DigitsData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr std::array<AnySetting, 1> settings{&samples};
  static Dataset load(const Choice& choice, std::uint64_t seed);
  static DataShape shape(const Choice& choice);
};

/// A linear map of the inputs, and noise.
struct LinearData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr Whole inputs{
      .name = "inputs", .fallback = 10, .least = 1, .help = "features of a sample"};
  static constexpr Number noise{
      .name = "noise", .fallback = 0.1, .help = "standard deviation of y around theta x"};
  static constexpr std::array<AnySetting, 3> settings{&samples, &inputs, &noise};
  static Dataset load(const Choice& choice, std::uint64_t seed);
  static DataShape shape(const Choice& choice);
};

/// Records with a yes-or-no outcome.
struct TabularData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr Whole inputs{
      .name = "inputs", .fallback = 8, .least = 1, .help = "features of a record"};
  static constexpr std::array<AnySetting, 2> settings{&samples, &inputs};
  static Dataset load(const Choice& choice, std::uint64_t seed);
  static DataShape shape(const Choice& choice);
};

}  // namespace troupe::algorithms
