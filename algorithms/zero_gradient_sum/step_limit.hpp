#pragma once
// The range of the step γ of zero-gradient-sum on quadratics, computed off the clock from
// everybody's data: what a person is warned with, and what a step can be stated as a share of. A
// real network does not know it.

#include <optional>
#include <string>
#include <string_view>

#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

/// How the difference of two estimates pulls: as it is, through (A_i + A_j)/2, or through the mean
/// of all A_i.
enum class EdgeMatrix : std::uint8_t { none, of_ends, of_all };

/// Up to how many values in all estimates together the whole spectrum is computed.
inline constexpr std::size_t most_of_a_spectrum = 640;

/// The γ below which the estimates converge, above which they diverge, where both ends use what was
/// `delay` steps ago. With μ the non-zero eigenvalues of A⁻¹(𝕃 ⊗ I), or of A⁻¹ times the Laplacian
/// with these matrices on its edges, and z^{d+1} − z^d + γμ = 0 on the unit circle,
///   min over μ of 2 sin((π − 2|arg μ|) / (2(2d + 1))) / |μ|        d = 0: 2 Re μ / |μ|²
///   of graphs with edges, where μ is real: of μ_max, by power iteration, to about six digits
///   with arrows: of the whole spectrum; nothing beyond most_of_a_spectrum. Rows are weighed by the
///   left eigenvector of 𝕃 if it `balances`
/// Nothing where there is no edge.
std::optional<double> step_limit(const TrainingProblem& problem, int ranks,
                                 EdgeMatrix edge_matrix = EdgeMatrix::none, std::int64_t delay = 0,
                                 bool balances = true);

/// γ* = 2/(μ_2 + μ_max), the step with the best rate in the end, of the whole spectrum of a graph
/// with edges; nothing of others, or beyond most_of_a_spectrum.
std::optional<double> best_step(const TrainingProblem& problem, int ranks,
                                EdgeMatrix edge_matrix = EdgeMatrix::none);

/// "the step is 1.207678: 0.900000 of the largest that converges, 1.341865"; `what` is rate_is.
std::string stated_as_share(double share, std::string_view what, double unit);
/// "the step 1.35 is outside its range, 0 to 1.341864: …"
std::string beyond_the_limit(double step, double limit);
/// The same of a bound below which convergence is certain, and above which it is not.
std::string beyond_certainty(double step, double bound);

}  // namespace troupe::algorithms
