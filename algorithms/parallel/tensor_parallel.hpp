#pragma once
// Tensor parallelism: every rank has a part of each layer of a perceptron.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/footprint.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What tensor_parallel can be told.
struct TensorParallel {
  static constexpr std::array<std::string_view, 2> splits{"pairs", "columns"};
  static constexpr Text split{
      .name = "split",
      .fallback = "pairs",
      .choices = splits,
      .help = "pairs: outputs of one layer, inputs of the next; columns: outputs of each"};
  static constexpr std::array<AnySetting, 1> settings{&split};
};

/// Trains a multi-layer perceptron, each batch by all ranks together. Every rank reports the loss
/// of the batches, before the step that they lead to; at the end rank 0 gathers all parameters and
/// reports them. The step is that of one machine, to rounding.
void tensor_parallel(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why tensor_parallel cannot serve the problem on so many ranks, or empty.
std::string refusal_of_tensor_parallel(const TrainingProblem& problem, int ranks);

/// A rank's parts of all layers, and the batch they leave.
Footprint footprint_of_tensor_parallel(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
