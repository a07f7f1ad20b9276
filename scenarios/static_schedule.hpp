#pragma once
// Schedules of messages that are known before a run: who sends how much to whom, between which
// waits. Found by running a program once for each rank alone, without values and without anybody
// else, and checked to need neither tags nor luck; for transports that have no tags, as NCCL.

#include <functional>
#include <string>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::scenarios {

struct ScheduledMessage {
  Rank peer = 0;
  Tag tag{0};  ///< with its context
  std::size_t bytes = 0;
  bool sends = false;  ///< else it receives
  bool operator==(const ScheduledMessage&) const = default;
};
/// What a rank issues between two waits, in its order: messages that may travel together.
using MessageGroup = std::vector<ScheduledMessage>;

struct StaticSchedule {
  std::vector<std::vector<MessageGroup>> groups_of_rank;
  /// Empty if messages can leave in these groups, all of a group at once and each group when the
  /// one before is over; else why not: "receives from whoever sends first".
  std::string refusal;
};

/// The schedule of `program`, which every rank runs with phantoms only. Refused are receives from
/// any rank, deadlines, flows of their own, what depends on which request completes first, and
/// pairs of ranks whose n-th message and n-th receive differ in tag or length; and groups that
/// would wait for each other.
StaticSchedule static_schedule(int ranks, const std::function<void(Communicator&)>& program);

}  // namespace troupe::scenarios
