#pragma once
// Zero-gradient-sum on estimates that are some steps old.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What delayed_zero_gradient_sum can be told.
struct Delayed {
  static constexpr Whole delay{
      .name = "delay", .fallback = 1, .most = 10'000, .help = "age of the estimates, in steps"};
  static constexpr Flag own_fresh{
      .name = "own_fresh",
      .fallback = false,
      .help =
          "true is the control: neighbours' estimates are old, the own one is not, and the sum "
          "of gradients does not stay zero"};
  static constexpr std::array<AnySetting, 3> settings{&delay, &own_fresh, &StatedStep::rate_is};
};

/// Trains as zero_gradient_sum; a stated step is γ, and 0 stands for 0.9 · (2θ/λ) · sin(π / (2(2d +
/// 1))), with arrows 0.9 · (2θ/λ) / (2d + 1). Deterministic on every backend.
void delayed_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                               TrainingLog& log);

}  // namespace troupe::algorithms
