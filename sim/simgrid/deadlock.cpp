// Explains a deadlock: who waits for what, and which messages nobody received.

#include <algorithm>

#include "sim/simgrid/world.hpp"

namespace troupe::sim::simgrid_world {

std::vector<UnmatchedMessage> World::unmatched() const {
  std::vector<UnmatchedMessage> messages;
  matching_.for_each_message([&](const MatchKey&, const SimOperation& send) {
    messages.push_back({send.from, send.to, send.tag, send.bytes});
  });
  std::ranges::stable_sort(messages, {}, [](const UnmatchedMessage& m) {
    return std::pair{m.from, m.to};
  });
  return messages;
}

Standstill World::standstill() const {
  Standstill report{.blocked = {}, .returned = {}, .unmatched = unmatched()};
  for (const auto& flow : flows_) {
    if (!flow->is_blocked()) continue;
    BlockedFlow& blocked =
        report.blocked.emplace_back(BlockedFlow{flow->rank(), flow->context(), {}});
    for (const SimOperation& operation : operations_)
      if (operation.in_use && operation.flow == flow.get() && !operation.is_done() &&
          flow->waits_for(operation))
        blocked.waits.push_back(operation.describe());
  }
  std::ranges::stable_sort(report.blocked, {}, &BlockedFlow::rank);
  for (Rank rank = 0; rank < size(); ++rank)
    if (accounting_.has_ended(rank)) report.returned.push_back(rank);
  return report;
}

}  // namespace troupe::sim::simgrid_world
