#pragma once
// Pairwise equalising: zero-gradient-sum by gossip, two nodes at a time and without a step size.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What pairwise_equalising can be told.
struct PairwiseEqualising {
  static constexpr std::array<std::string_view, 2> orders{"lexicographic", "butterfly"};
  static constexpr Text order{
      .name = "order",
      .fallback = "lexicographic",
      .choices = orders,
      .help =
          "lexicographic: one edge of the graph after the other, (i, j) with i < j; butterfly: "
          "all ranks at once with r XOR 2^k"};
  static constexpr std::array<AnySetting, 1> settings{&order};
};

/// A step is an exchange of one pair, or of all pairs in butterfly order. Deterministic on every
/// backend.
void pairwise_equalising(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why pairwise_equalising cannot serve the problem on so many ranks, or empty.
std::string refusal_of_pairwise_equalising(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
