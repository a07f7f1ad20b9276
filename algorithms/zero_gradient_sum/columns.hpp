#pragma once
// Zero-gradient-sum where each rank has some columns of all samples instead of some samples.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What column_zero_gradient_sum can be told.
struct Columns {
  static constexpr std::array<AnySetting, 1> settings{&StatedStep::rate_is};
};

/// Fits least_squares or a logistic_regression of two classes; data.partition is not used, columns
/// are cut into near-equal blocks. The step γ is problem.optimiser.rate, of least squares perhaps a
/// share as rate_is says; where that is 0, 0.9 · 2θ/λ with θ = 1/V (4/V of logistic regression). At
/// the steps that are evaluated ranks put the parameters of their columns together by an allgather,
/// which is sent and counted; all end with the same. How often a node evaluates its own f_i depends
/// on values, what it sends does not.
void column_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why column_zero_gradient_sum cannot serve the problem on so many ranks, or empty.
std::string refusal_of_columns(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
