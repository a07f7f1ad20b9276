#include <numeric>

#include "algorithms/allgather/allgather.hpp"
#include "algorithms/in_place.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{5};
}

/// Ring all-gather of blocks of any sizes: the steps of ring_allgather, with counts[r] values of
/// rank r.
///
///   n-1 messages, Σ counts - counts[me + 1] values
void ring_allgather_v(Communicator& comm, ConstSlice input, Slice output,
                      std::span<const std::size_t> counts) {
  const int n = comm.size();
  const Rank me = comm.rank(), right = (me + 1) % n, left = (me + n - 1) % n;
  std::vector<std::size_t> begins(counts.size());  // where the block of each rank begins
  std::exclusive_scan(counts.begin(), counts.end(), begins.begin(), std::size_t{0});
  const auto block = [&](int index) {
    const auto rank = static_cast<std::size_t>((index + n) % n);
    return output.subslice(begins[rank], counts[rank]);
  };
  bring(comm, input, block(me));
  for (int step = 0; step < n - 1; ++step)
    exchange(comm, tag, block(me - step), right, block(me - step - 1), left);
}

}  // namespace troupe::algorithms
