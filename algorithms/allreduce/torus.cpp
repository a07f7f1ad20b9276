#include "algorithms/allgather/allgather.hpp"
#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"
#include "core/subset.hpp"

namespace troupe::algorithms {

/// Torus allreduce of N dimensions: every message goes to a neighbour of the torus.
///
///   grid {2, 2}, rank = x + 2y; halves and quarters of the vector by the contributions they hold
///     rank (x, y)                 (0, 0)      (1, 0)      (0, 1)      (1, 1)
///     start                       0   0       1   1       2   2       3   3
///     reduce-scatter along x      01  .       .   01      23  .       .   23
///     reduce-scatter along y      *.  .       .   *.      .*  .       .   .*
///     all-gather along y          **  .       .   **      **  .       .   **
///     all-gather along x          **  **      **  **      **  **      **  **
///
///   2Σ(side-1) messages, 2M(n-1)/n bytes · time 2Σ(side-1)α + 2M(n-1)/n β + M(n-1)/n γ
void torus_allreduce(Communicator& comm, Slice vector, Op op, std::span<const int> grid) {
  const MixedRadix coordinates{grid};
  EXPECTS(coordinates.ranks() == comm.size(), "a grid has as many places as there are ranks");
  std::vector<Slice> held{vector};  // held[d]: what this rank holds before dimension d
  const auto line = [&](int dimension) {
    return Subset{comm, coordinates.line(comm.rank(), dimension),
                  static_cast<std::uint32_t>(dimension)};
  };
  for (int d = 0; d < coordinates.stages(); ++d) {
    Subset ring = line(d);
    const Slice mine = Partition{held.back(), ring.size()}[ring.rank()];
    ring_reduce_scatter(ring, held.back(), mine, op);
    held.push_back(mine);
  }
  for (int d = coordinates.stages() - 1; d >= 0; --d) {
    const Slice mine = held.back();
    held.pop_back();
    Subset ring = line(d);
    ring_allgather(ring, mine, held.back());
  }
}

}  // namespace troupe::algorithms
