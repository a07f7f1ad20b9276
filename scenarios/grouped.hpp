#pragma once
// Messages between devices that leave in groups, for transports that want them so (NCCL): what a
// rank issues between two waits is one group. Only for programs whose static_schedule() is not
// refused: there are no tags.

#include <span>
#include <vector>

#include "core/activity.hpp"
#include "core/forwarding.hpp"

namespace troupe::scenarios {

/// One message of a group. The n-th that a rank sends to another is the n-th that the other
/// receives from it, and is as long.
struct GroupedMessage {
  Rank peer = 0;
  bool sends = false;               ///< else it receives
  const std::byte* from = nullptr;  ///< of what is sent
  std::byte* into = nullptr;        ///< of what is received
  std::size_t bytes = 0;            ///< not 0
};

class GroupCarrier {
 public:
  virtual ~GroupCarrier() = default;
  /// True of memory whose values it carries.
  virtual bool carries(const Memory& memory) const = 0;
  /// Carries all messages of a group at once; returns when they are over. Nothing on this rank's
  /// device is under way meanwhile. Throws BackendError.
  virtual void carry(std::span<const GroupedMessage> group) = 0;
};

/// Passes on to `inner` whatever its carrier does not carry: values on the host, phantoms, messages
/// without bytes, kernels. A wait carries what has been issued before it.
class GroupedCommunicator final : public ForwardingCommunicator {
 public:
  /// Counts in `activity` what the carrier carries, and how long that takes.
  GroupedCommunicator(Communicator& inner, GroupCarrier& carrier, Activity& activity)
      : ForwardingCommunicator{inner}, carrier_{carrier}, activity_{activity} {}

  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  /// EXPECTS not to be called: schedules with flows are refused beforehand.
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

 private:
  class Message;
  bool is_carried(const std::byte* address, std::size_t bytes, const Memory& memory) const {
    return address && bytes > 0 && carrier_.carries(memory);
  }
  Request queue(const GroupedMessage& message);
  void carry_queued();

  GroupCarrier& carrier_;
  Activity& activity_;
  std::vector<GroupedMessage> group_;
  std::vector<Message*> operations_;  // of the group
  std::uint64_t sequence_ = 0;
};

}  // namespace troupe::scenarios
