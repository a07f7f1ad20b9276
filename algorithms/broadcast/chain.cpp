#include "algorithms/broadcast/broadcast.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{2};
}

/// Pipelined chain broadcast.
///
///   segments held, 4 ranks, root 0, 3 segments
///     after step   start    1      2      3      4      5
///     rank 0        012    012    012    012    012    012
///     rank 1        ...    0..    01.    012    012    012
///     rank 2        ...    ...    0..    01.    012    012
///     rank 3        ...    ...    ...    0..    01.    012
///
///   S segments: S messages, M bytes · time (n-2+S)(α + Mβ/S), with uneven segments
///   (n-2)(α + ⌈M/S⌉β) + Sα + Mβ
void chain_broadcast(Communicator& comm, Slice vector, Rank root, int segments) {
  const int n = comm.size(), place = (comm.rank() - root + n) % n;
  const Rank right = (comm.rank() + 1) % n, left = (comm.rank() + n - 1) % n;
  const Partition segment{vector, segments};
  Request incoming, outgoing;
  if (place > 0) incoming = comm.irecv(left, tag, segment[0]);
  for (int s = 0; s < segments; ++s) {
    if (place > 0) {
      wait(comm, std::move(incoming));
      if (s + 1 < segments) incoming = comm.irecv(left, tag, segment[s + 1]);
    }
    if (place < n - 1) {
      if (outgoing) wait(comm, std::move(outgoing));
      outgoing = comm.isend(right, tag, segment[s]);
    }
  }
  if (outgoing) wait(comm, std::move(outgoing));
}

}  // namespace troupe::algorithms
