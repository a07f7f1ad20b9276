#pragma once
// A communicator with bad weather: late, lost and unacknowledged messages, and dead ranks. It
// uses nothing but the port, so it makes any backend faulty, simulated or real.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/forwarding.hpp"

namespace troupe {

struct FaultyOptions {
  std::uint64_t seed = 1;
  /// Each message is held back for a time uniform in [0, longest_delay) before it is sent. The
  /// order of messages of equal (context, from, to, tag) is kept.
  Seconds longest_delay{0};
  /// Each message is lost with this probability: its send completes, and nothing arrives.
  double loss = 0;
  /// These ranks are dead from `death` on: all their own calls throw PeerLost, messages to them
  /// vanish, and a request that names one fails with PeerLost `patience` after it was issued or
  /// after the death, whichever is later. A message above the eager limit that was on its way when
  /// its receiver died stays with the backend until this communicator ends.
  std::vector<Rank> dead{};
  Seconds death{0};
  Seconds patience{0.05};
  /// No send completes before its message has been received, however short it is and whatever the
  /// eager limit: every message is acknowledged. Needs all ranks to be decorated. A receive that is
  /// dropped while its message lands may leave that message unacknowledged.
  bool rendezvous = false;
};

/// Does what `comm` does, badly. Flows spawned here are as faulty. Held back messages move on only
/// while their flow waits. Everything random is a function of seed, rank, context and order of
/// issue. Subsets numbered 13 to 15 of every context are used for its own messages.
class FaultyCommunicator final : public ForwardingCommunicator {
 public:
  FaultyCommunicator(Communicator& comm, FaultyOptions options);
  ~FaultyCommunicator() override;

  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

 private:
  class Engine;
  const std::unique_ptr<Engine> engine_;
};

}  // namespace troupe
