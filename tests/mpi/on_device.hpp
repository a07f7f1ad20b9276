#pragma once
// Programs that know the host only, with their messages from device memory to device memory.

#include "core/forwarding.hpp"

namespace troupe::tests {

/// Which ends of messages are moved to the device.
enum class Ends { all, every_other };

/// Does what `comm` does, except that messages between places in host memory are sent from copies
/// in `memory`, and received into copies there whose values are the room's again when the request
/// has ended. Kernels stay where they are.
class OnDevice final : public ForwardingCommunicator {
 public:
  OnDevice(Communicator& comm, Memory& memory, Ends ends)
      : ForwardingCommunicator{comm}, memory_{memory}, ends_{ends} {}

  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request spawn(Task task) override;

 private:
  bool moves(std::size_t bytes, bool is_phantom);

  Memory& memory_;
  Ends ends_;
  unsigned messages_ = 0;
};

}  // namespace troupe::tests
