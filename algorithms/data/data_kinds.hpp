#pragma once
// The table of data sets: what can be drawn or read, and what each can be told.

#include <memory>
#include <span>
#include <string>

#include "algorithms/data/dataset.hpp"
#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

/// How many samples a generator draws.
inline constexpr Whole samples_setting{
    .name = "samples", .fallback = 10000, .least = 1, .help = "how many samples are drawn"};

/// sin(x)/x with noise (data/sinc.hpp).
struct SincData {
  static constexpr const Whole& samples = samples_setting;
  static constexpr Number noise{
      .name = "noise", .fallback = 0.2, .help = "y = sin(x)/x + noise · uniform(-1, 1)"};
  static constexpr std::array<AnySetting, 2> settings{&samples, &noise};
};

/// The shape of a data set, which is known without its values.
struct DataShape {
  std::size_t samples = 0, inputs = 0, outputs = 0, classes = 0;  ///< as in Dataset
};

struct DataKind {
  Kind kind;
  /// All samples. `seed` is that of generators. Throws BadInput for files that cannot be used.
  Dataset (*load)(const Choice& choice, std::uint64_t seed);
  DataShape (*shape)(const Choice& choice);
};

std::span<const DataKind> data_kinds();
/// The kinds alone, for those who read scenarios.
std::span<const Kind> kinds_of_data();

/// The samples of the problem: those it has with it, or newly loaded; empty for phantom problems.
std::shared_ptr<const Dataset> load_dataset(const TrainingProblem& problem);
/// Throws BadInput.
DataShape shape_of_data(const TrainingProblem& problem);

}  // namespace troupe::algorithms
