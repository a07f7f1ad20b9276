#include <algorithm>

#include "algorithms/microbenchmarks/messages.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag go{7}, tag{8}, done{9};
}

std::optional<RoundTime> crossing(Communicator& comm, std::span<const Flow> flows, Bytes bytes,
                                  const RoundChoice& choice) {
  std::vector<Rank> ranks;
  for (const auto& [from, to] : flows) ranks.push_back(from);
  for (const auto& [from, to] : flows) ranks.push_back(to);
  const Rank first = ranks.front(), me = comm.rank();
  const auto mine = std::ranges::find_if(
      flows, [me](const Flow& flow) { return flow.first == me || flow.second == me; });
  EXPECTS(mine != flows.end(), "a crossing is called by the ranks of its flows");
  const Buffer parcel = parcels(bytes, 1, choice);
  std::uint8_t word = 0;
  std::vector<std::uint8_t> words(flows.size());
  return play(comm, ranks, bytes, choice, [&] {
    const Seconds begin = comm.now();
    if (me == first) {
      WaitSet all;
      for (std::size_t i = 0; i < flows.size(); ++i)
        all.add(comm.irecv(flows[i].second, done, value(words[i])));
      for (const auto& [from, to] : flows)
        if (from != first) all.add(comm.isend(from, go, value(word)));
      all.add(comm.isend(mine->second, tag, parcel.slice()));
      wait_all(comm, all);
    } else if (me == mine->first) {
      receive(comm, first, go, value(word));
      send(comm, mine->second, tag, parcel.slice());
    } else {
      receive(comm, mine->first, tag, parcel.slice());
      send(comm, first, done, value(word));
    }
    return comm.now() - begin;
  });
}

}  // namespace troupe::algorithms
