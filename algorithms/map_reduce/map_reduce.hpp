#pragma once
// Learning in sum form by map and reduce: the answer depends on the samples through sums alone, so
// that every rank sums over its shard and one reduction gives what a single machine would have.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "algorithms/settings.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What map_reduce can be told.
struct MapReduce {
  static constexpr std::array<std::string_view, 2> ways{"allreduce", "tree"};
  static constexpr Text reduce{
      .name = "reduce",
      .fallback = "allreduce",
      .choices = ways,
      .help = "allreduce: every rank solves; tree: the driver solves and broadcasts"};
  static constexpr std::array<AnySetting, 1> settings{&reduce};
};

/// How many words the sums of L features have: L(L+1)/2 + L.
std::size_t packed_size(std::size_t features);
/// packed ← the lower half of matrix (L×L, column-major), column after column, then vector (L).
void pack(Communicator& comm, ConstSlice matrix, ConstSlice vector, Slice packed);
/// The lower half of matrix and vector ← packed; the strict upper half of matrix is left alone.
void unpack(Communicator& comm, ConstSlice packed, Slice matrix, Slice vector);

/// Solves least squares in one step. All ranks end with the same parameters.
void map_reduce(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why map_reduce cannot serve the problem on so many ranks, or empty.
std::string refusal_of_map_reduce(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
