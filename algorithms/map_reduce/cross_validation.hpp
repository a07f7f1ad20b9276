#pragma once
// Cross-validation as a way of training: a model for each fold, none of them for use.

#include <array>
#include <string>

#include "algorithms/settings.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What cross_validation can be told.
struct CrossValidation {
  static constexpr Whole folds{.name = "folds",
                               .fallback = 5,
                               .least = 2,
                               .most = 1e9,
                               .help = "parts of the samples, each held out once"};
  static constexpr std::array<AnySetting, 1> settings{&folds};
};

/// Trains stop.steps steps for each fold and reports, as step k + 1, what came of fold k: losses
/// and accuracies on the samples that were trained on and on those held out. Rank 0 notes the mean
/// of the held-out losses. Each rank ends with its last fold's parameters. Deterministic on every
/// backend, and the figures of a fold are the same for any number of ranks.
void cross_validation(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why cross_validation cannot serve the problem on so many ranks, or empty.
std::string refusal_of_cross_validation(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
