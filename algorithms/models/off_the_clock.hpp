#pragma once
// A communicator of one rank whose kernels run where their operands are, and cost nothing: what a
// model computes with when nobody is to wait for it. It sends no messages and starts no flows
// (EXPECTS).

#include "core/communicator.hpp"

namespace troupe::algorithms {

class OffTheClock final : public Communicator {
 public:
  Rank rank() const override { return 0; }
  int size() const override { return 1; }
  Seconds now() const override { return Seconds{0}; }
  Context context() const override { return {}; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until) override;
};

}  // namespace troupe::algorithms
