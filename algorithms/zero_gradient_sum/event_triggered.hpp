#pragma once
// Zero-gradient-sum in which a node speaks only when it has something to say.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What event_triggered_zero_gradient_sum can be told.
struct EventTriggered {
  static constexpr Number threshold{
      .name = "threshold",
      .fallback = 1e-3,
      .help = "c: a node speaks when it is c·alpha^k away from what it said last; 0: at each step"};
  static constexpr Number threshold_decay{.name = "threshold_decay",
                                          .fallback = 0.995,
                                          .most = 1,
                                          .only = "threshold is not 0",
                                          .help = "alpha; 1 keeps the threshold, and the error"};
  static constexpr std::array<AnySetting, 3> settings{&threshold, &threshold_decay,
                                                      &StatedStep::rate_is};
};

/// Trains as zero_gradient_sum, with its step. What a rank sends depends on values: of phantom ones
/// it speaks at each step. Deterministic on every backend.
void event_triggered_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                                       TrainingLog& log);

}  // namespace troupe::algorithms
