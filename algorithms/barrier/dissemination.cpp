#include "algorithms/barrier/barrier.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{9};
}

/// Dissemination barrier (Hensgen, Finkel and Manber, International Journal of Parallel Programming
/// 17, 1988).
///
///   whose entering each rank knows of, 5 ranks
///     after distance  start    1      2       4
///     rank 0            0     40    2340    01234
///     rank 1            1     01    3401    01234
///     rank 2            2     12    4012    01234
///     rank 3            3     23    0123    01234
///     rank 4            4     34    1234    01234
///
///   ⌈log2 n⌉ messages of no bytes · time ⌈log2 n⌉α
void dissemination_barrier(Communicator& comm) {
  const int n = comm.size();
  const Rank me = comm.rank();
  for (int distance = 1; distance < n; distance *= 2)
    exchange(comm, tag, ConstPayload{}, (me + distance) % n, Payload{}, (me + n - distance) % n);
}

}  // namespace troupe::algorithms
