#pragma once
// Programs that know the host only, with their messages from device memory to device memory.

#include "core/communicator.hpp"

namespace troupe::tests {

/// Which ends of messages are moved to the device.
enum class Ends { all, every_other };

/// Does what `comm` does, except that messages between places in host memory are sent from copies
/// in `memory`, and received into copies there whose values are the room's again when the request
/// has ended. Kernels stay where they are.
class OnDevice final : public Communicator {
 public:
  OnDevice(Communicator& comm, Memory& memory, Ends ends)
      : comm_{comm}, memory_{memory}, ends_{ends} {}

  Rank rank() const override { return comm_.rank(); }
  int size() const override { return comm_.size(); }
  Seconds now() const override { return comm_.now(); }
  Context context() const override { return comm_.context(); }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override { return comm_.start(std::move(kernel)); }
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override {
    return comm_.wait_any(set, until);
  }

 private:
  bool moves(std::size_t bytes, bool is_phantom);

  Communicator& comm_;
  Memory& memory_;
  Ends ends_;
  unsigned messages_ = 0;
};

}  // namespace troupe::tests
