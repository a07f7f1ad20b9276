#include "algorithms/map_reduce/map_reduce.hpp"

#include <algorithm>

#include "algorithms/catalogue.hpp"
#include "algorithms/map_reduce/driver.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/newton.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// The sums as a collective's problem.
Problem sums_of(const TrainingProblem& problem, int ranks, std::size_t features) {
  Problem sums;
  sums.ranks = ranks;
  sums.count = packed_size(features);
  sums.dtype = problem.dtype;
  sums.layout = problem.layout;
  sums.machine = problem.machine;
  return sums;
}

/// Calls copy(part of the matrix, part of the packed sums) for each column's lower half.
template <class Matrix, class Packed, class Copied>
void each_column(Matrix matrix, Packed packed, std::size_t size, Copied copy) {
  std::size_t at = 0;
  for (std::size_t j = 0; j < size; ++j) {
    copy(matrix.subslice(j * size + j, size - j), packed.subslice(at, size - j));
    at += size - j;
  }
}

void copy_values(ConstSlice from, Slice into) {
  std::copy_n(from.bytes().data(), from.size_bytes(), into.bytes().data());
}

}  // namespace

std::size_t packed_size(std::size_t features) { return features * (features + 1) / 2 + features; }

void pack(Communicator& comm, ConstSlice matrix, ConstSlice vector, Slice packed) {
  const std::size_t size = vector.size();
  compute(comm, Opaque{.reads = {matrix, vector},
                       .writes = {packed},
                       .work = {Flops{}, Bytes{2 * packed.size_bytes()}},
                       .body = [&] {
                         each_column(matrix, packed, size, [](ConstSlice column, Slice part) {
                           copy_values(column, part);
                         });
                         copy_values(vector, packed.drop(packed.size() - size));
                       }});
}

void unpack(Communicator& comm, ConstSlice packed, Slice matrix, Slice vector) {
  const std::size_t size = vector.size();
  compute(comm, Opaque{.reads = {packed},
                       .writes = {matrix, vector},
                       .work = {Flops{}, Bytes{2 * packed.size_bytes()}},
                       .body = [&] {
                         each_column(matrix, packed, size, [](Slice column, ConstSlice part) {
                           copy_values(part, column);
                         });
                         copy_values(packed.drop(packed.size() - size), vector);
                       }});
}

/// Least squares in sum form (Chu et al., NIPS 2006, §3: a statistical query model): the solution
/// needs no more of the samples than two sums over them.
///   map      A_i = H_iᵀH_i + (σ/P) I,   b_i = H_iᵀy_i              over the shard of rank i
///   reduce   A = Σ A_i,   b = Σ b_i                L(L+1)/2 + L words: A is symmetric
///   solve    A w = b                               by Cholesky
///   allreduce: one of those words, and every rank solves · tree: at most 1 message of them a rank
///   up to the driver, and 1 of L words a rank back down (BroadcastVariable)
///
///     rank 0   H_0, y_0 ─ A_0, b_0 ─┐
///     rank 1   H_1, y_1 ─ A_1, b_1 ─┼─ A, b ─ w = A⁻¹b
///     rank 2   H_2, y_2 ─ A_2, b_2 ─┘
void map_reduce(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  QuadraticShard shard{problem, comm.rank(), comm.size()};
  const std::size_t size = shard.size();
  const Buffer matrix = make_buffer(problem, size * size), w = make_buffer(problem, size);
  const Buffer sums = make_buffer(problem, packed_size(size));
  const bool by_tree = problem.strategy[MapReduce::reduce] == "tree";
  Reporter reporter{comm, problem, shard.learner(), log, 1};

  compute(comm, Fill{0, w});
  reporter.report({}, w);
  shard.normal_equations(comm, matrix, w);
  pack(comm, matrix, w, sums);
  if (by_tree) tree_reduce(comm, sums);
  else
    find_entry(Collective::allreduce, problem.collective)
        .run(comm, sums_of(problem, comm.size(), size), {sums, sums});
  if (!by_tree || comm.rank() == driver) {
    unpack(comm, sums, matrix, w);
    factorise_hessian(comm, size, matrix, "the samples");
    compute(comm, CholeskySolve{.n = size, .factor = matrix, .b = w});
  }
  if (by_tree) BroadcastVariable{comm, w};
  reporter.report({.step = 1}, w);
  reporter.finish(1, w);
}

std::string refusal_of_map_reduce(const TrainingProblem& problem, int ranks) {
  if (problem.model.kind() != "least_squares")
    return "needs a model whose optimum is a solve of sums, least_squares; \"" +
           problem.model.kind() + "\" given";
  if (const std::string why = refusal_of_learner(problem, ranks); !why.empty()) return why;
  if (problem.strategy[MapReduce::reduce] == "tree") return {};
  const Problem sums = sums_of(problem, ranks, make_model(problem)->size());
  return find_entry(Collective::allreduce, problem.collective).refusal(sums);
}

}  // namespace troupe::algorithms
