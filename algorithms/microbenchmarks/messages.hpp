#pragma once
// Messages between ranks, alone and together: what networks are calibrated with. Each is called by
// the ranks it names, and by no other; the first of them is told the time. Nothing where a round
// takes longer than the choice allows.

#include <optional>
#include <span>

#include "algorithms/microbenchmarks/rounds.hpp"

namespace troupe::algorithms {

/// One way from a to b and back, halved: α + size · β. Told to a.
std::optional<RoundTime> ping_pong(Communicator& comm, Rank a, Rank b, Bytes bytes,
                                   const RoundChoice& choice);

/// Every rank of a ring sends to the next and receives from the one before, at once: α + size · β
/// where the two ways of a cable do not meet. A ring of two are two ranks that send to each other;
/// of three or more, what is sent back to confirm messages does not travel with other messages of
/// the same two ranks. Told to the first.
std::optional<RoundTime> two_way(Communicator& comm, std::span<const Rank> ring, Bytes bytes,
                                 const RoundChoice& choice);

/// k ranks send to one at once, who asks for it: 2 α + k · size · β of the root's way in. Told to
/// the root.
std::optional<RoundTime> incast(Communicator& comm, Rank root, std::span<const Rank> senders,
                                Bytes bytes, const RoundChoice& choice);

/// Every flow's first rank sends to its second at once: 3 α + size · β, more where the flows share
/// something. A rank is in one flow. Told to the first rank of the first flow, who asks the others
/// to send, and whom receivers tell that they have received.
std::optional<RoundTime> crossing(Communicator& comm, std::span<const Flow> flows, Bytes bytes,
                                  const RoundChoice& choice);

/// Two messages from a to b at once, until a hears that the first is there: 2 α + size · β where
/// they follow each other, 2 α + 2 · size · β where they share the cable. Told to a.
std::optional<RoundTime> burst(Communicator& comm, Rank a, Rank b, Bytes bytes,
                               const RoundChoice& choice);

/// Room for so many messages of a size, to be sent or received.
Buffer parcels(Bytes bytes, std::size_t count, const RoundChoice& choice);

}  // namespace troupe::algorithms
