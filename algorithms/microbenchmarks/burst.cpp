#include <array>

#include "algorithms/microbenchmarks/messages.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{13}, there{14};
}

std::optional<RoundTime> burst(Communicator& comm, Rank a, Rank b, Bytes bytes,
                               const RoundChoice& choice) {
  const Buffer parcel = parcels(bytes, 2, choice);
  const auto half = [&](std::size_t which) {
    return parcel.slice().subslice(which * bytes.value, bytes.value);
  };
  const std::array ranks{a, b};
  const bool sends = comm.rank() == a;
  std::uint8_t word = 0;
  return play(comm, ranks, bytes, choice, [&] {
    const Seconds begin = comm.now();
    if (!sends) {
      Request first = comm.irecv(a, tag, half(0)), second = comm.irecv(a, tag, half(1));
      wait(comm, std::move(first));
      send(comm, a, there, value(word));
      wait(comm, std::move(second));
      send(comm, a, there, value(word));
      return Seconds{};
    }
    Request first = comm.isend(b, tag, half(0)), second = comm.isend(b, tag, half(1));
    receive(comm, b, there, value(word));
    const Seconds took = comm.now() - begin;
    receive(comm, b, there, value(word));
    wait_all(comm, std::move(first), std::move(second));
    return took;
  });
}

}  // namespace troupe::algorithms
