#include <algorithm>

#include "algorithms/allgather/allgather.hpp"
#include "algorithms/blocks.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{5};
}

/// Bruck all-gather (Bruck, Ho, Kipnis, Upfal and Weathersby 1997).
///
///   Each rank collects its own block and those behind it, and turns them into place at the end.
///   Blocks in memory, 5 ranks; round b receives min(b, n-b) blocks from rank me+b:
///
///     after round  start    1     2     4     turned
///     rank 0         0     01   0123  01234   01234
///     rank 1         1     12   1234  12340   01234
///     rank 2         2     23   2340  23401   01234
///     rank 3         3     34   3401  34012   01234
///     rank 4         4     40   4012  40123   01234
///
///   ⌈log2 n⌉ messages, M(n-1)/n bytes · time ⌈log2 n⌉α + M(n-1)/n β
void bruck_allgather(Communicator& comm, ConstSlice input, Slice output) {
  const int n = comm.size();
  const Rank me = comm.rank();
  const RotatedBlocks place{output.size(), n, me};
  const Scratch turned{output, output.size()};
  const auto places = [&](int from, int to) {
    return turned.all().subslice(place.offset(from), place.size(from, to));
  };
  compute(comm, Copy{places(0, 1), input});
  for (int b = 1; b < n; b *= 2) {
    const int count = std::min(b, n - b);
    exchange(comm, tag, places(0, count), (me + n - b) % n, places(b, b + count), (me + b) % n);
  }
  const std::size_t tail = place.before_wrap(), head = output.size() - tail;
  compute(comm, Copy{output.drop(head), turned.first(tail)});
  compute(comm, Copy{output.first(head), turned.all().drop(tail)});
}

}  // namespace troupe::algorithms
