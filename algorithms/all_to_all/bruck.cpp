#include <deque>

#include "algorithms/all_to_all/all_to_all.hpp"
#include "algorithms/blocks.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{8};
}

/// Bruck all-to-all (Bruck, Ho, Kipnis, Upfal and Weathersby 1997).
///
///   Slot j holds a block that has to travel j ranks; in round b all slots with bit b set move b
///   ranks on, in one message. Slots of rank 0 (from : to), 4 ranks:
///
///     after round   start    1      2
///     slot 0         0:0    0:0    0:0
///     slot 1         0:1    3:0    3:0
///     slot 2         0:2    0:2    2:0
///     slot 3         0:3    3:2    1:0
///
///   ⌈log2 n⌉ messages, (M/n)Σ_b #{j : bit b of j set} bytes · time of n = 2^k: k(α + Mβ/2)
void bruck_all_to_all(Communicator& comm, ConstSlice input, Slice output) {
  const int n = comm.size();
  const Rank me = comm.rank();
  const ConstPartition block{input, n};
  std::vector<ConstSlice> slot;
  for (int j = 0; j < n; ++j) slot.push_back(block[me + j]);
  std::deque<Scratch> arrived;  // slots are views of the input and of these
  for (int b = 1; b < n; b *= 2) {
    std::size_t leaves = 0, arrives = 0;
    const auto size_behind = [&](int j) { return block[me + (j & ~(2 * b - 1))].size(); };
    for (int j = b; j < n; ++j)
      if (j & b) leaves += slot[static_cast<std::size_t>(j)].size(), arrives += size_behind(j);
    const Scratch outgoing{input, leaves};
    const Slice incoming = arrived.emplace_back(input, arrives).all();
    std::size_t at = 0;
    for (int j = b; j < n; ++j)
      if (j & b) {
        const ConstSlice leaving = slot[static_cast<std::size_t>(j)];
        compute(comm, Copy{outgoing.all().subslice(at, leaving.size()), leaving});
        at += leaving.size();
      }
    exchange(comm, tag, outgoing.all(), (me + b) % n, incoming, (me + n - b) % n);
    at = 0;
    for (int j = b; j < n; ++j)
      if (j & b) {
        slot[static_cast<std::size_t>(j)] = incoming.subslice(at, size_behind(j));
        at += size_behind(j);
      }
  }
  const std::size_t count = block[me].size();
  for (int j = 0; j < n; ++j)
    compute(comm, Copy{output.subslice(static_cast<std::size_t>((me + n - j) % n) * count, count),
                       slot[static_cast<std::size_t>(j)]});
}

}  // namespace troupe::algorithms
