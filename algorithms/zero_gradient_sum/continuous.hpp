#pragma once
// Zero-gradient-sum as it was first stated: a differential equation, here integrated step by step.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/interaction.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What continuous_zero_gradient_sum can be told.
struct Continuous {
  static constexpr std::array<std::string_view, 2> integrators{"rk4", "euler"};
  static constexpr Text integrator{
      .name = "integrator",
      .fallback = "rk4",
      .choices = integrators,
      .help =
          "rk4: the classical Runge–Kutta method; euler: one evaluation a step, which leaves "
          "the manifold of zero gradient sum unless functions are quadratic"};
  static constexpr Text interaction{.name = "interaction",
                                    .fallback = "linear",
                                    .choices = interactions,
                                    .help = "how two neighbours act on each other"};
  static constexpr std::array<AnySetting, 2> settings{&integrator, &interaction};
};

/// Integrates over problem.stop.steps steps of time problem.optimiser.rate; where that is 0, 0.9 of
/// the longest with which the integrator is certain to be stable for the linear interaction: 2θ/λ
/// with Euler, 2.785294θ/λ with Runge–Kutta. A longer one is noted by rank 0, where the interaction
/// pulls no harder than the linear one. Deterministic on every backend.
void continuous_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                                  TrainingLog& log);

/// Why continuous_zero_gradient_sum cannot serve the problem on so many ranks, or empty.
std::string refusal_of_continuous(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
