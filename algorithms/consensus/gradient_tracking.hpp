#pragma once
// Gradient tracking: besides their estimates, neighbours mix an estimate of the average gradient.

#include "algorithms/consensus/mixing_node.hpp"

namespace troupe::algorithms {

/// What gradient_tracking can be told.
struct GradientTracking {
  static constexpr std::array<AnySetting, 1> settings{&MixingStart::start};
};

/// Trains any model; exact for convex ones with gradients of whole shards. Also the sound reading
/// of "difference vector calibration" (dva): to follow the difference of two gradients alone does
/// not train, for it telescopes. Deterministic on every backend.
void gradient_tracking(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
