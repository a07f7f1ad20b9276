#pragma once
// Finds programs that work by luck: every message and kernel leases the bytes it uses until it has
// been waited for, and using them otherwise meanwhile is an error. Kernels run when they are
// started on hosts, so without this a missing wait would pass everywhere but on a device.

#include <memory>

#include "core/forwarding.hpp"

namespace troupe {

/// Does what `comm` does, and throws ContractViolation, naming both sides, when a message or kernel
/// would write bytes that another one still uses, or use bytes that another one still writes. A
/// request holds its bytes until it is waited for or dropped, even where it has completed: a
/// program cannot know that. Kernels of one flow may share operands, because they run in order.
/// Flows spawned here share the leases of their rank. Phantoms have no bytes and are not checked.
class CheckedCommunicator final : public ForwardingCommunicator {
 public:
  explicit CheckedCommunicator(Communicator& comm);

  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

 private:
  class Leases;
  CheckedCommunicator(Communicator& comm, std::shared_ptr<Leases> leases);

  std::shared_ptr<Leases> leases_;
};

}  // namespace troupe
