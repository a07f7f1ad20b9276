#include <numeric>

#include "algorithms/all_to_all/all_to_all.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{8};
}

/// All-to-all of blocks of any sizes, pairwise: the steps of pairwise_all_to_all, with
/// counts[from * n + to] values from rank to rank.
///
///   n-1 messages, Σ_{to ≠ me} counts[me * n + to] values
void all_to_all_v(Communicator& comm, ConstSlice input, Slice output,
                  std::span<const std::size_t> counts) {
  const int n = comm.size();
  const Rank me = comm.rank();
  const auto count = [&](Rank from, Rank to) {
    return counts[static_cast<std::size_t>(from) * static_cast<std::size_t>(n) +
                  static_cast<std::size_t>(to)];
  };
  std::vector<std::size_t> leaves{0}, arrives{0};  // where the block for or of each rank begins
  for (Rank peer = 0; peer < n; ++peer) {
    leaves.push_back(leaves.back() + count(me, peer));
    arrives.push_back(arrives.back() + count(peer, me));
  }
  const auto leaving = [&](Rank to) {
    return input.subslice(leaves[static_cast<std::size_t>(to)], count(me, to));
  };
  const auto arriving = [&](Rank from) {
    return output.subslice(arrives[static_cast<std::size_t>(from)], count(from, me));
  };
  compute(comm, Copy{arriving(me), leaving(me)});
  for (int step = 1; step < n; ++step) {
    const Rank to = (me + step) % n, from = (me + n - step) % n;
    exchange(comm, tag, leaving(to), to, arriving(from), from);
  }
}

}  // namespace troupe::algorithms
