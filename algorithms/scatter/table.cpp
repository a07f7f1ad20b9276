// The table of scatters.

#include <array>

#include "algorithms/cost/cost.hpp"
#include "algorithms/scatter/scatter.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_scatter(Communicator& comm, const Problem& problem, Buffers buffers) {
  EXPECTS(comm.rank() != problem.root || buffers.input.size() == problem.count,
          "the root's input of a scatter is the vector");
  EXPECTS(buffers.output.size() == block_size(comm, problem), "the output of a scatter is a block");
  algorithm(comm, buffers.input, buffers.output, problem.count, problem.root);
}

constexpr std::array entries{
    Entry{.collective = Collective::scatter,
          .name = "binomial",
          .family = "scatter",
          .summary = "down a binomial tree, halves of what is left at each level",
          .source = chan,
          .formula = "n = 2^k: kα + (n-1)/n Mβ",
          .static_schedule = true,
          .run = run_scatter<binomial_scatter>,
          .cost = cost::binomial_scatter,
          .exact = always,
          .refusal = common_refusal},
};

}  // namespace

std::span<const Entry> scatter() { return entries; }

}  // namespace troupe::algorithms::tables
