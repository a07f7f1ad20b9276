// The table of barriers.

#include <array>

#include "algorithms/barrier/barrier.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

void run_barrier(Communicator& comm, const Problem&, Buffers) { dissemination_barrier(comm); }

constexpr std::array entries{
    Entry{.collective = Collective::barrier,
          .name = "dissemination",
          .family = "barrier",
          .summary = "in round k to rank + 2^k: no rank leaves before the last has entered",
          .source = "Hensgen, Finkel and Manber, Int. J. Parallel Programming 17, 1988",
          .formula = "⌈log2 n⌉α",
          .static_schedule = true,
          .run = run_barrier,
          .cost = cost::dissemination_barrier,
          .exact = always,
          .refusal = common_refusal},
};

}  // namespace

std::span<const Entry> barrier() { return entries; }

}  // namespace troupe::algorithms::tables
