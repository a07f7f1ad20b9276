#include "algorithms/all_to_all/all_to_all.hpp"
#include "algorithms/blocks.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{8};
}

/// Pairwise all-to-all (Thakur, Rabenseifner and Gropp 2005, §5; Open MPI's "pairwise").
///
///   blocks received (from : to), 4 ranks
///     after step   start     1      2      3
///     rank 0        0:0     3:0    2:0    1:0
///     rank 1        1:1     0:1    3:1    2:1
///     rank 2        2:2     1:2    0:2    3:2
///     rank 3        3:3     2:3    1:3    0:3
///
///   n-1 messages, M(n-1)/n bytes · time (n-1)(α + ⌈M/n⌉β)
void pairwise_all_to_all(Communicator& comm, ConstSlice input, Slice output) {
  const int n = comm.size();
  const Rank me = comm.rank();
  const ConstPartition leaving{input, n};
  const std::size_t count = leaving[me].size();
  const auto arriving = [&](Rank from) {
    return output.subslice(static_cast<std::size_t>(from) * count, count);
  };
  compute(comm, Copy{arriving(me), leaving[me]});
  for (int step = 1; step < n; ++step) {
    const Rank to = (me + step) % n, from = (me + n - step) % n;
    exchange(comm, tag, leaving[to], to, arriving(from), from);
  }
}

}  // namespace troupe::algorithms
