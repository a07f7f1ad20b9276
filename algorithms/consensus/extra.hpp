#pragma once
// EXTRA: decentralised gradient descent that remembers one step and so ends at the exact optimum.

#include "algorithms/consensus/mixing_node.hpp"

namespace troupe::algorithms {

/// What extra can be told.
struct Extra {
  static constexpr std::array<AnySetting, 1> settings{&MixingStart::start};
};

/// Trains any model; exact for convex ones with gradients of whole shards. Deterministic on every
/// backend.
void extra(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
