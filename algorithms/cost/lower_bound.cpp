// What no algorithm can beat, and bus factors.

#include "algorithms/cost/cost.hpp"

namespace troupe::algorithms {

namespace {

/// Values that some rank must send or receive.
double values_through_a_port(Collective collective, const Problem& problem) {
  const double n = problem.ranks, all = static_cast<double>(problem.count);
  const double others = all * (n - 1) / n;
  switch (collective) {
    case Collective::allreduce: return 2 * others;
    case Collective::reduce_scatter:
    case Collective::allgather:
    case Collective::all_to_all: return others;
    case Collective::broadcast:
    case Collective::reduce: return problem.ranks > 1 ? all : 0;
    case Collective::scatter:
    case Collective::gather:
      return all - static_cast<double>(
                       cost::blocks(problem.count, problem.ranks).size_of_block(problem.root));
    case Collective::all_to_all_v: {
      const auto ranks = static_cast<std::size_t>(problem.ranks);
      std::size_t most = 0;
      for (std::size_t me = 0; me < ranks; ++me) {
        std::size_t leaving = 0, arriving = 0;
        for (std::size_t peer = 0; peer < ranks; ++peer) {
          if (peer == me) continue;
          leaving += problem.counts[me * ranks + peer];
          arriving += problem.counts[peer * ranks + me];
        }
        most = std::max({most, leaving, arriving});
      }
      return static_cast<double>(most);
    }
    case Collective::barrier: return 0;
  }
  return 0;
}

}  // namespace

LowerBound lower_bound(Collective collective, const Problem& problem,
                       const AlphaBetaGamma& machine) {
  const double size = static_cast<double>(size_of(problem.dtype));
  return {.latency = problem.ranks > 1 ? machine.alpha : Seconds{},
          .bandwidth = Seconds{values_through_a_port(collective, problem) * size * machine.beta}};
}

double bus_factor(Collective collective, int ranks) {
  const double n = ranks;
  switch (collective) {
    case Collective::allreduce: return 2 * (n - 1) / n;
    case Collective::reduce_scatter:
    case Collective::allgather:
    case Collective::scatter:
    case Collective::gather:
    case Collective::all_to_all:
    case Collective::all_to_all_v: return (n - 1) / n;
    case Collective::broadcast:
    case Collective::reduce: return 1;
    case Collective::barrier: return 0;
  }
  return 0;
}

}  // namespace troupe::algorithms
