// The table of reduce-scatters.

#include <array>

#include "algorithms/cost/cost.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_reduce_scatter(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), problem.count, buffers.output.size(),
               block_size(comm, problem));
  algorithm(comm, buffers.input, buffers.output, problem.op);
  average(comm, problem, buffers.output);
}

constexpr std::array entries{
    Entry{.collective = Collective::reduce_scatter,
          .name = "ring",
          .family = "reduce_scatter",
          .summary = "sums travel around a ring: bandwidth-optimal for any number of ranks",
          .source = "Patarasuk and Yuan, J. Parallel and Distributed Computing 69, 2009",
          .formula = "(n-1)(α + ⌈M/n⌉(β+γ))",
          .static_schedule = true,
          .run = run_reduce_scatter<ring_reduce_scatter>,
          .cost = cost::ring_reduce_scatter,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::reduce_scatter,
          .name = "halving",
          .family = "reduce_scatter",
          .summary = "recursive halving: fewest messages for powers of two",
          .source = thakur,
          .formula = "n = 2^k: kα + (n-1)/n M(β+γ); else + α+M(β+γ) + α+⌈M/n⌉β",
          .static_schedule = true,
          .run = run_reduce_scatter<halving_reduce_scatter>,
          .cost = cost::halving_reduce_scatter,
          .exact = always,
          .refusal = reduction_refusal},
    least<Collective::reduce_scatter, reduction_refusal>("reduce_scatter"),
};

}  // namespace

std::span<const Entry> reduce_scatter() { return entries; }

}  // namespace troupe::algorithms::tables
