// The table of gathers.

#include <array>

#include "algorithms/cost/cost.hpp"
#include "algorithms/gather/gather.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_gather(Communicator& comm, const Problem& problem, Buffers buffers) {
  EXPECTS(buffers.input.size() == block_size(comm, problem), "the input of a gather is a block");
  EXPECTS(comm.rank() != problem.root || buffers.output.size() == problem.count,
          "the root's output of a gather is the vector");
  algorithm(comm, buffers.input, buffers.output, problem.count, problem.root);
}

constexpr std::array entries{
    Entry{.collective = Collective::gather,
          .name = "binomial",
          .family = "gather",
          .summary = "up a binomial tree",
          .source = chan,
          .formula = "n = 2^k: kα + (n-1)/n Mβ",
          .static_schedule = true,
          .run = run_gather<binomial_gather>,
          .cost = cost::binomial_gather,
          .exact = always,
          .refusal = common_refusal},
};

}  // namespace

std::span<const Entry> gather() { return entries; }

}  // namespace troupe::algorithms::tables
