#include <array>
#include <utility>

#include "algorithms/microbenchmarks/messages.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag ping{2}, pong{3};
}

Buffer parcels(Bytes bytes, std::size_t count, const RoundChoice& choice) {
  const std::size_t all = bytes.value * count;
  return choice.phantom ? Buffer::phantom(all, Dtype::uint8)
                        : Buffer{all, Dtype::uint8, *choice.memory};
}

std::optional<RoundTime> ping_pong(Communicator& comm, Rank a, Rank b, Bytes bytes,
                                   const RoundChoice& choice) {
  const Buffer one = parcels(bytes, 1, choice), other = parcels(bytes, 1, choice);
  Slice there = one.slice(), back = other.slice();
  const std::array ranks{a, b};
  const bool first = comm.rank() == a;
  return play(comm, ranks, bytes, choice, [&] {
    const Seconds begin = comm.now();
    if (first) {
      Request answer = comm.irecv(b, pong, back);
      wait_all(comm, comm.isend(b, ping, there), std::move(answer));
    } else {
      receive(comm, a, ping, back);
      send(comm, a, pong, back);
    }
    const Seconds took = comm.now() - begin;
    std::swap(there, back);  // programs send what they have just written
    return took / 2;
  });
}

}  // namespace troupe::algorithms
