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

/// The shape of a data set.
struct DataShape {
  std::size_t samples = 0, inputs = 0, outputs = 0, classes = 0;  ///< as in Dataset
};

struct DataKind {
  Kind kind;
  /// All samples. `seed` is that of generators. Throws BadInput for files that cannot be used.
  Dataset (*load)(const Choice& choice, std::uint64_t seed);
  /// What `load` would return the values of, without them; null where nobody knows before loading.
  DataShape (*shape)(const Choice& choice);
};

std::span<const DataKind> data_kinds();
/// The kinds alone, for those who read scenarios.
std::span<const Kind> kinds_of_data();

/// The samples of the problem: those it has with it, or newly loaded. Empty for phantom problems,
/// unless their sizes depend on the samples (files, partition dirichlet). Throws BadInput.
std::shared_ptr<const Dataset> load_dataset(const TrainingProblem& problem);
/// Throws BadInput.
DataShape shape_of_data(const TrainingProblem& problem);

}  // namespace troupe::algorithms
