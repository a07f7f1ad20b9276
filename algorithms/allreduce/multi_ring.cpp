#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/allreduce/ring_place.hpp"
#include "algorithms/side_by_side.hpp"

namespace troupe::algorithms {

/// Multi-ring allreduce (NCCL's channels).
///
///   2 nodes of 4 ranks, 4 channels: the rings, | where they cross between nodes
///     channel 0:   0 1 2 3 | 4 5 6 7 |      crosses at ranks 3→4 and 7→0
///     channel 1:   1 2 3 0 | 5 6 7 4 |      crosses at ranks 0→5 and 4→1
///     channel 2:   2 3 0 1 | 6 7 4 5 |      crosses at ranks 1→6 and 5→2
///     channel 3:   3 0 1 2 | 7 4 5 6 |      crosses at ranks 2→7 and 6→3
///
///   C channels: 2(n-1)C messages, 2M(n-1)/n bytes · time as the ring's, but with all the NICs of a
///   node: one ring enters and leaves a node through one of them
void multi_ring_allreduce(Communicator& comm, Slice vector, Op op, const Layout& layout,
                          int channels) {
  const int n = comm.size();
  const Partition share{vector, channels};
  std::vector<Task> rings;
  for (int channel = 0; channel < channels; ++channel) {
    const ChannelOrder order{layout, n, channel};
    const int me = order.position_of(comm.rank());
    const RingPlace ring{
        .position = me, .left = order.at((me + n - 1) % n), .right = order.at((me + 1) % n)};
    rings.emplace_back([op, ring, part = share[channel]](Communicator& flow) {
      ring_allreduce(flow, part, op, ring);
    });
  }
  side_by_side(comm, std::move(rings));
}

}  // namespace troupe::algorithms
