#pragma once
// Butterfly mixing: after each gradient a rank averages with one partner, another one each step.

#include <array>
#include <string>

#include "algorithms/butterfly/mixing.hpp"
#include "algorithms/butterfly/partners.hpp"
#include "algorithms/starting_points.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

/// What butterfly_mixing can be told.
struct ButterflyMixing {
  static constexpr const Text& partners = Partners::setting;
  static constexpr const Wholes& digits = Partners::digits;
  static constexpr const Text& form = MixingForm::setting;
  static constexpr const Text& active = Turns::setting;
  static constexpr Whole mixing_rounds{.name = "mixing_rounds",
                                       .fallback = 1,
                                       .most = 1'000'000,
                                       .help = "exchanges after each gradient"};
  static constexpr Flag with_gradient{
      .name = "with_gradient",
      .help =
          "average gradients together with parameters, as two vectors in one message, and "
          "take the step afterwards"};
  static constexpr std::array<AnySetting, 7> settings{
      &partners, &digits, &form, &active, &mixing_rounds, &with_gradient, &StartingPoints::spread};
};

/// Trains. Deterministic on every backend; the ranks' parameters differ. Throws BadInput for what
/// refusal_of_butterfly names.
void butterfly_mixing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why butterfly_mixing cannot serve the problem on so many ranks, or empty.
std::string refusal_of_butterfly(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
