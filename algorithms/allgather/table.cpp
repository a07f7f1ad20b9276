// The table of all-gathers.

#include <array>

#include "algorithms/allgather/allgather.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_allgather(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), block_size(comm, problem), buffers.output.size(),
               problem.count);
  algorithm(comm, buffers.input, buffers.output);
}

constexpr std::array entries{
    Entry{.collective = Collective::allgather,
          .name = "ring",
          .family = "allgather",
          .summary = "blocks travel around a ring",
          .source = thakur,
          .formula = "(n-1)(α + ⌈M/n⌉β)",
          .static_schedule = true,
          .run = run_allgather<ring_allgather>,
          .cost = cost::ring_allgather,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::allgather,
          .name = "doubling",
          .family = "allgather",
          .summary = "recursive doubling: fewest messages for powers of two",
          .source = thakur,
          .formula = "n = 2^k: kα + (n-1)/n Mβ; else + α+⌈M/n⌉β + α+Mβ",
          .static_schedule = true,
          .run = run_allgather<doubling_allgather>,
          .cost = cost::doubling_allgather,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::allgather,
          .name = "bruck",
          .family = "allgather",
          .summary = "fewest messages and bytes for every number of ranks; one more copy",
          .source = bruck,
          .formula = "⌈log2 n⌉α + (n-1)/n Mβ",
          .static_schedule = true,
          .run = run_allgather<bruck_allgather>,
          .cost = cost::bruck_allgather,
          .exact = always,
          .refusal = common_refusal},
    least<Collective::allgather, common_refusal>("allgather"),
};

}  // namespace

std::span<const Entry> allgather() { return entries; }

}  // namespace troupe::algorithms::tables
