#pragma once
// The steps of column_zero_gradient_sum on least squares, computed off the clock from everybody's
// columns: what a step can be stated as a share of.

#include <string>

#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

struct DualSteps {
  double largest = 0;  ///< γ_max = 2/μ_max: below it the estimates converge
  double best = 0;     ///< γ* = 2/(μ_2 + μ_max): the best rate in the end
};

/// With μ the non-zero eigenvalues of B⁻¹(𝕃 ⊗ I), B_i = H_iH_iᵀ/σ + I/V: on what no column reaches,
/// V times those of 𝕃; on the dimensions that the columns span, of matrices that small. EXPECTS
/// what refusal_of_dual_steps lets pass.
DualSteps dual_steps(const TrainingProblem& problem, int ranks);

/// Why the steps cannot be computed for so many ranks, or empty.
std::string refusal_of_dual_steps(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
