#include <algorithm>
#include <utility>

#include "algorithms/microbenchmarks/messages.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{4};
}

std::optional<RoundTime> two_way(Communicator& comm, std::span<const Rank> ring, Bytes bytes,
                                 const RoundChoice& choice) {
  const Buffer one = parcels(bytes, 1, choice), other = parcels(bytes, 1, choice);
  Slice outgoing = one.slice(), incoming = other.slice();
  const auto n = ring.size();
  const auto me = static_cast<std::size_t>(std::ranges::find(ring, comm.rank()) - ring.begin());
  EXPECTS(n > 1 && me < n, "both ways are used by the ranks of the ring, two or more");
  const Rank next = ring[(me + 1) % n], previous = ring[(me + n - 1) % n];
  return play(comm, ring, bytes, choice, [&] {
    // Where messages leave at once, one rank may be ahead of another, which is then ahead of it: as
    // many exchanges as there are ranks take n times their mean.
    const Seconds begin = comm.now();
    for (std::size_t i = 0; i < n; ++i) {
      exchange(comm, tag, outgoing, next, incoming, previous);
      std::swap(outgoing, incoming);  // programs send what they have just written
    }
    return (comm.now() - begin) / static_cast<double>(n);
  });
}

}  // namespace troupe::algorithms
