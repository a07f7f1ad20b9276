#pragma once
// Hybrid propagation: one step of training, then as many averagings as it takes to agree.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/butterfly/partners.hpp"
#include "algorithms/starting_points.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What hybrid_propagation can be told.
struct HybridPropagation {
  static constexpr std::array<std::string_view, 2> ways{"butterfly", "graph"};
  static constexpr Text over{.name = "over",
                             .fallback = "butterfly",
                             .choices = ways,
                             .help =
                                 "averaging with the partners of a butterfly, or with all "
                                 "neighbours on the graph"};
  static constexpr Wholes digits = Partners::digits.where("over is butterfly");
  static constexpr Number tolerance{
      .name = "tolerance",
      .fallback = 1e-6,
      .least = 1e-300,
      .below = 1,
      .only = "over is graph and rounds is 0",
      .help = "the part to which each step's disagreement is brought down"};
  static constexpr Whole rounds{
      .name = "rounds",
      .fallback = 0,
      .most = 1'000'000,
      .help =
          "averagings after each gradient; 0: all stages of the butterfly, or those that the "
          "tolerance asks of the graph"};
  static constexpr std::array<AnySetting, 5> settings{&over, &digits, &tolerance, &rounds,
                                                      &StartingPoints::spread};

  /// Above this many ranks `rounds` must be stated for a graph: its spectrum is computed densely.
  static constexpr int most_ranks = 256;
};

/// Trains. Deterministic on every backend. Over the butterfly all ranks hold the same after each
/// step; over a graph they agree to the tolerance. Throws BadInput for what
/// refusal_of_hybrid_propagation names.
void hybrid_propagation(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why hybrid_propagation cannot serve the problem on so many ranks, or empty.
std::string refusal_of_hybrid_propagation(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
