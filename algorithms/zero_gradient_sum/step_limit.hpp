#pragma once
// The range of the step γ of zero-gradient-sum on quadratics, computed off the clock from
// everybody's data: what a person is warned with. No strategy trains with it.

#include <optional>
#include <string>

#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

/// How the difference of two estimates pulls: as it is, through (A_i + A_j)/2, or through the mean
/// of all A_i.
enum class EdgeMatrix : std::uint8_t { none, of_ends, of_all };

/// 2/μ_max, μ the eigenvalues of A⁻¹(𝕃 ⊗ I), or of A⁻¹ times the Laplacian with these matrices on
/// its edges: below it the estimates converge, above they diverge. By power iteration, to about six
/// digits. For graphs with edges; nothing where there are arrows, or no edge.
std::optional<double> step_limit(const TrainingProblem& problem, int ranks,
                                 EdgeMatrix edge_matrix = EdgeMatrix::none);

/// "the step 1.35 is outside its range, 0 to 1.341864: …"
std::string beyond_the_limit(double step, double limit);
/// The same of a bound below which convergence is certain, and above which it is not.
std::string beyond_certainty(double step, double bound);

}  // namespace troupe::algorithms
