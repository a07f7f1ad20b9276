#pragma once
// Symmetric matrices as they travel: their lower triangle, column by column.

#include <cstddef>
#include <vector>

#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The tag of matrices that nodes exchange once.
inline constexpr Tag matrices_tag{1};

/// n(n+1)/2 values.
constexpr std::size_t triangle(std::size_t n) { return n * (n + 1) / 2; }

/// packed ← the lower triangle of a symmetric n×n matrix.
void pack_triangle(Communicator& comm, ConstSlice matrix, Slice packed);
/// matrix ← factor · the symmetric matrix whose lower triangle is given.
void unpack_triangle(Communicator& comm, ConstSlice packed, double factor, Slice matrix);

/// (A_i + A_j)/2 for every neighbour j of the problem's graph, in the order of their ranks, with
/// `mine` for A_i (n×n): one message of n(n+1)/2 values to each.
std::vector<Buffer> mean_with_neighbours(Communicator& comm, const TrainingProblem& problem,
                                         std::size_t n, ConstSlice mine);

}  // namespace troupe::algorithms
