#pragma once
// Stochastic gradient push: descent over directed graphs, by push-sum.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/starting_points.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What sgp can be told.
struct Sgp {
  static constexpr std::array<std::string_view, 2> who{"exponential", "graph"};
  static constexpr Text peers{
      .name = "peers",
      .fallback = "exponential",
      .choices = who,
      .help = "one peer a step, 1, 2, 4, … ranks on; or along the graph's arrows"};
  static constexpr std::array<AnySetting, 2> settings{&peers, &StartingPoints::spread};
};

/// Trains any model; reported parameters are z = u / v. Deterministic on every backend; the ranks'
/// parameters differ.
void sgp(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why sgp cannot serve the problem on so many ranks, or empty.
std::string refusal_of_sgp(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
