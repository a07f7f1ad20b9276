#include "scenarios/grouped.hpp"

#include <utility>

namespace troupe::scenarios {

class GroupedCommunicator::Message final : public Operation {
 public:
  Message(GroupedCommunicator& owner, std::uint64_t sequence) : owner_{owner} { renew(sequence); }

 private:
  void abandon() noexcept override {
    if (!is_done()) owner_.carry_queued();
  }
  void retire() noexcept override { delete this; }
  GroupedCommunicator& owner_;
};

Request GroupedCommunicator::queue(const GroupedMessage& message) {
  group_.push_back(message);
  operations_.push_back(new Message{*this, ++sequence_});
  return Request{*operations_.back()};
}

Request GroupedCommunicator::isend(Rank to, Tag tag, ConstPayload payload) {
  if (!is_carried(payload.address, payload.bytes, *payload.memory))
    return inner().isend(to, tag, payload);
  return queue({.peer = to, .sends = true, .from = payload.address, .bytes = payload.bytes});
}
Request GroupedCommunicator::irecv(Rank from, Tag tag, Payload room) {
  if (!is_carried(room.address, room.bytes, *room.memory)) return inner().irecv(from, tag, room);
  return queue({.peer = from, .sends = false, .into = room.address, .bytes = room.bytes});
}
Request GroupedCommunicator::spawn(Task) {
  EXPECTS(false, "a schedule with flows of its own is refused before a run");
  return {};
}

std::optional<Completion> GroupedCommunicator::wait_any(WaitSet& set, Seconds until) {
  if (!group_.empty()) carry_queued();
  if (set.has_ready()) return set.take_ready();
  return inner().wait_any(set, until);
}

void GroupedCommunicator::carry_queued() {
  const auto group = std::exchange(group_, {});
  const auto operations = std::exchange(operations_, {});
  const Seconds begin = inner().now();  // which waits for what the device still does
  carrier_.carry(group);
  const Seconds end = inner().now();
  activity_.communicating += end - begin;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const auto& [peer, sends, from, into, bytes] = group[i];
    ++(sends ? activity_.messages : activity_.received_messages);
    (sends ? activity_.bytes : activity_.received_bytes) += bytes;
    operations[i]->complete(peer, bytes, end);
  }
}

}  // namespace troupe::scenarios
