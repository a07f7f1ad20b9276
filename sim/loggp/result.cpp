// What a run leaves behind, and what it hangs on.

#include <algorithm>
#include <tuple>

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

SimulationResult World::result() {
  SimulationResult result;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const RankState& rank = ranks_[i];
    counters_.count(static_cast<Rank>(i), rank.pairs);
    result.ranks.push_back({.host = seats_[i].host,
                            .kernels = rank.kernels,
                            .flops = Flops{rank.flops},
                            .computing = Seconds{rank.computing},
                            .communicating = Seconds{rank.communicating},
                            .waiting = Seconds{rank.waiting},
                            .end = Seconds{rank.end}});
    result.end = std::max(result.end, Seconds{rank.end});
  }
  counters_.write(result);
  result.unmatched = unmatched();
  return result;
}

std::vector<UnmatchedMessage> World::unmatched() const {
  std::vector<UnmatchedMessage> messages;
  channels_.for_each([&](const LogGPOperation& operation) {
    if (operation.what == LogGPOperation::What::send)
      messages.push_back({operation.from, operation.to, operation.tag, operation.bytes});
  });
  std::ranges::stable_sort(messages, {}, [](const UnmatchedMessage& message) {
    return std::tuple{message.from, message.to, message.tag.name(), message.tag.step()};
  });
  return messages;
}

Standstill World::standstill() const {
  Standstill report{.blocked = {}, .returned = {}, .unmatched = unmatched()};
  for (const auto& flow : flows_) {
    if (!flow->is_blocked()) continue;
    BlockedFlow& blocked =
        report.blocked.emplace_back(BlockedFlow{flow->rank(), flow->context(), {}});
    for (const auto& slab : operations_)
      for (std::size_t i = 0; i < slab_size; ++i)
        if (const LogGPOperation& operation = slab[i];
            operation.is.in_use && operation.flow == flow.get() && !operation.is_done() &&
            flow->waits_for(operation))
          blocked.waits.push_back(operation.describe());
  }
  std::ranges::stable_sort(report.blocked, {}, &BlockedFlow::rank);
  for (Rank rank = 0; rank < size(); ++rank)
    if (ranks_[static_cast<std::size_t>(rank)].has_ended) report.returned.push_back(rank);
  return report;
}

}  // namespace troupe::sim::loggp
