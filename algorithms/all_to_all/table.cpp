// The table of all-to-alls, of equal and of varying blocks.

#include <algorithm>
#include <array>

#include "algorithms/all_to_all/all_to_all.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_all_to_all(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), problem.count, buffers.output.size(),
               block_size(comm, problem) * static_cast<std::size_t>(comm.size()));
  EXPECTS(buffers.input.is_phantom() || buffers.input.empty() ||
              buffers.input.address() != buffers.output.address(),
          "an all-to-all is not in place");
  algorithm(comm, buffers.input, buffers.output);
}
void run_all_to_all_v(Communicator& comm, const Problem& problem, Buffers buffers) {
  all_to_all_v(comm, buffers.input, buffers.output, problem.counts);
}

std::string all_to_all_v_refusal(const Problem& problem) {
  const auto n = static_cast<std::size_t>(std::max(problem.ranks, 0));
  if (problem.counts.size() != n * n)
    return "needs ranks x ranks counts, " + std::to_string(n * n) + ", " +
           std::to_string(problem.counts.size()) + " given";
  return common_refusal(problem);
}

constexpr std::array entries{
    Entry{.collective = Collective::all_to_all,
          .name = "pairwise",
          .family = "all_to_all",
          .summary = "in step k to rank+k and from rank-k: each block travels once",
          .source = thakur,
          .formula = "(n-1)(α + ⌈M/n⌉β)",
          .static_schedule = true,
          .run = run_all_to_all<pairwise_all_to_all>,
          .cost = cost::pairwise_all_to_all,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::all_to_all,
          .name = "bruck",
          .family = "all_to_all",
          .summary = "blocks hop by the bits of their distance: for short vectors",
          .source = bruck,
          .formula = "n = 2^k: k(α + Mβ/2)",
          .static_schedule = true,
          .run = run_all_to_all<bruck_all_to_all>,
          .cost = cost::bruck_all_to_all,
          .exact = always,
          .refusal = common_refusal},
    least<Collective::all_to_all, common_refusal>("all_to_all"),
    Entry{.collective = Collective::all_to_all_v,
          .name = "pairwise",
          .family = "all_to_all",
          .summary = "blocks of any sizes, in step k to rank+k and from rank-k",
          .source = thakur,
          .formula = "Σ_k max over pairs (α + m_pair β), where no rank waits for another",
          .static_schedule = true,
          .run = run_all_to_all_v,
          .cost = cost::all_to_all_v,
          .exact = always,
          .refusal = all_to_all_v_refusal},
};

}  // namespace

std::span<const Entry> all_to_all() { return entries; }

}  // namespace troupe::algorithms::tables
