#include "algorithms/microbenchmarks/messages.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag go{5}, tag{6};
}

std::optional<RoundTime> incast(Communicator& comm, Rank root, std::span<const Rank> senders,
                                Bytes bytes, const RoundChoice& choice) {
  std::vector<Rank> ranks{root};
  ranks.insert(ranks.end(), senders.begin(), senders.end());
  const bool receives = comm.rank() == root;
  const Buffer parcel = parcels(bytes, receives ? senders.size() : 1, choice);
  std::uint8_t asked = 0;
  return play(comm, ranks, bytes, choice, [&] {
    const Seconds begin = comm.now();
    if (receives) {
      WaitSet all;
      for (std::size_t i = 0; i < senders.size(); ++i) {
        const Slice room = parcel.slice().subslice(i * bytes.value, bytes.value);
        all.add(comm.irecv(senders[i], tag, room));
      }
      for (const Rank sender : senders) all.add(comm.isend(sender, go, value(asked)));
      wait_all(comm, all);
    } else {
      receive(comm, root, go, value(asked));
      send(comm, root, tag, parcel.slice());
    }
    return comm.now() - begin;
  });
}

}  // namespace troupe::algorithms
