// The table of reductions to one rank.

#include <array>

#include "algorithms/cost/cost.hpp"
#include "algorithms/reduce/reduce.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_reduce(Communicator& comm, const Problem& problem, Buffers buffers) {
  const bool is_root = comm.rank() == problem.root;
  EXPECTS(buffers.input.size() == problem.count, "the input of a reduce is the vector");
  EXPECTS(!is_root || buffers.output.size() == problem.count,
          "the root's output of a reduce is the vector");
  algorithm(comm, buffers.input, buffers.output, problem.op, problem.root);
  if (is_root) average(comm, problem, buffers.output);
}

constexpr std::array entries{
    Entry{.collective = Collective::reduce,
          .name = "binomial",
          .family = "reduce",
          .summary = "up a binomial tree",
          .source = thakur,
          .formula = "⌈log2 n⌉(α+Mβ+Mγ)",
          .static_schedule = true,
          .run = run_reduce<binomial_reduce>,
          .cost = cost::binomial_reduce,
          .exact = always,
          .refusal = reduction_refusal},
};

}  // namespace

std::span<const Entry> reduce() { return entries; }

}  // namespace troupe::algorithms::tables
