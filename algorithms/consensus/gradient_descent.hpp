#pragma once
// Decentralised gradient descent: everybody averages with his neighbours and follows his own
// gradient.

#include "algorithms/consensus/mixing_node.hpp"

namespace troupe::algorithms {

/// What decentralised_gradient_descent can be told.
struct DecentralisedGradientDescent {
  static constexpr Flag diminishing{
      .name = "diminishing",
      .fallback = false,
      .help = "rate/√k at step k, with which the error vanishes, instead of a constant rate"};
  static constexpr std::array<AnySetting, 2> settings{&MixingStart::start, &diminishing};
};

/// Trains any model. With a constant rate it ends O(rate) away from the optimum. Deterministic on
/// every backend.
void decentralised_gradient_descent(Communicator& comm, const TrainingProblem& problem,
                                    TrainingLog& log);

}  // namespace troupe::algorithms
