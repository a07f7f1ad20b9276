// The table of broadcasts.

#include <array>

#include "algorithms/broadcast/broadcast.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_broadcast(Communicator& comm, const Problem& problem, Buffers buffers) {
  EXPECTS(buffers.output.size() == problem.count, "the output of a broadcast is the vector");
  algorithm(comm, buffers.output, problem);
}
template <void (*algorithm)(Communicator&, Slice, Rank)>
constexpr Run plain_broadcast =
    run_broadcast<[](Communicator& comm, Slice vector, const Problem& problem) {
      algorithm(comm, vector, problem.root);
    }>;

constexpr std::array entries{
    Entry{.collective = Collective::broadcast,
          .name = "binomial",
          .family = "broadcast",
          .summary = "down a binomial tree: for short vectors",
          .source = thakur,
          .formula = "⌈log2 n⌉(α+Mβ)",
          .static_schedule = true,
          .run = plain_broadcast<binomial_broadcast>,
          .cost = cost::binomial_broadcast,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::broadcast,
          .name = "scatter_allgather",
          .family = "broadcast",
          .summary = "binomial scatter, then ring all-gather: for long vectors",
          .source = "Barnett, Gupta, Payne, Shuler, van de Geijn and Watts, 1994",
          .formula = "n = 2^k: (k+n-1)α + 2(n-1)/n Mβ",
          .static_schedule = true,
          .run = plain_broadcast<scatter_allgather_broadcast>,
          .cost = cost::scatter_allgather_broadcast,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::broadcast,
          .name = "chain",
          .family = "broadcast",
          .summary = "from rank to rank in pipelined segments: for very long vectors",
          .source = chan,
          .formula = "(n-2+S)(α + Mβ/S)",
          .static_schedule = true,
          .run = run_broadcast<[](Communicator& comm, Slice vector, const Problem& problem) {
            chain_broadcast(comm, vector, problem.root, cost::chain_segments(problem));
          }>,
          .cost = cost::chain_broadcast,
          .exact = always,
          .refusal = common_refusal},
    least<Collective::broadcast, common_refusal>("broadcast"),
};

}  // namespace

std::span<const Entry> broadcast() { return entries; }

}  // namespace troupe::algorithms::tables
