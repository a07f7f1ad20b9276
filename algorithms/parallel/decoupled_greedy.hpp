#pragma once
// Decoupled greedy learning: a rank trains its layers by a loss of its own and hands its
// activations on without waiting for anything to come back.

#include <array>
#include <string>

#include "algorithms/footprint.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What decoupled_greedy can be told.
struct DecoupledGreedy {
  static constexpr Number loss_weight{.name = "loss_weight",
                                      .fallback = 0.9,
                                      .help = "of the network's own loss, on the last rank"};
  static constexpr Number head_weight{
      .name = "head_weight", .fallback = 0.1, .help = "of the loss of a head, on all other ranks"};
  static constexpr std::array<AnySetting, 2> settings{&loss_weight, &head_weight};
};

/// Trains a network cut into one stage a rank; each but the last has an auxiliary head, a linear
/// layer from its outputs to those of the network. The last rank reports the loss of the batches;
/// at the end rank 0 gathers the parameters of the network (heads are thrown away) and reports
/// them.
void decoupled_greedy(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why decoupled_greedy cannot serve the problem on so many ranks, or empty.
std::string refusal_of_decoupled_greedy(const TrainingProblem& problem, int ranks);

/// The rank whose layers, head and activations take most.
Footprint footprint_of_decoupled_greedy(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
