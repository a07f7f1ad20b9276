// What a run leaves behind, and what it hangs on.

#include <algorithm>
#include <tuple>

#include "core/standstill.hpp"
#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

namespace {

/// What a flow that waits for it waits for, in a Standstill's words.
std::string describe(const Pending& pending) {
  switch (pending.what) {
    case Pending::What::send: return waits_to_send(pending.to, pending.tag, pending.bytes);
    case Pending::What::receive: return waits_to_receive(pending.from, pending.tag);
    case Pending::What::flow: return waits_for_flow(pending.tag.context());
    case Pending::What::kernel: break;
  }
  return "for a kernel";
}

}  // namespace

SimulationResult World::result() {
  SimulationResult result;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const RankState& rank = ranks_[i];
    put_pair_back(flow_of(static_cast<Rank>(i)));
    counters_.count(static_cast<Rank>(i), rank.pairs, pair_pool_);
    result.ranks.push_back({.host = seats_[i].host,
                            .kernels = rank.kernels,
                            .flops = Flops{rank.flops},
                            .computing = Seconds{rank.computing},
                            .communicating = Seconds{std::max(0.0, rank.busy - rank.computing)},
                            .waiting = Seconds{std::max(0.0, rank.end - rank.busy)},
                            .end = Seconds{rank.end}});
    result.end = std::max(result.end, Seconds{rank.end});
  }
  counters_.write(result);
  result.unmatched = unmatched();
  return result;
}

SoFar World::so_far() {
  return {.rank =
              [this](Rank of, Seconds now) {
                const RankState& rank = ranks_[static_cast<std::size_t>(of)];
                RankUse use;
                use.computing = Seconds{rank.computing_till(now.count())};
                use.communicating = Seconds{rank.busy_till(now.count())} - use.computing;
                return use;
              },
          .links =
              [this] {
                for (Rank rank = 0; rank < size(); ++rank) put_pair_back(flow_of(rank));
                return counters_.links(
                    [this](Rank rank) -> const Pairs& {
                      return ranks_[static_cast<std::size_t>(rank)].pairs;
                    },
                    pair_pool_);
              }};
}

std::vector<UnmatchedMessage> World::unmatched() const {
  std::vector<UnmatchedMessage> messages;
  channels_.for_each([&](const Pending& queued) {
    if (queued.what == Pending::What::send)
      messages.push_back({queued.from, queued.to, queued.tag, queued.bytes});
  });
  for (const Flow* flow : flows_)
    if (const Exchange& ahead = flow->exchange_; ahead.open & Exchange::send_waits)
      messages.push_back({flow->rank_, ahead.to, ahead.tag(), ahead.bytes});
  std::ranges::stable_sort(messages, {}, [](const UnmatchedMessage& message) {
    return std::tuple{message.from, message.to, message.tag.name(), message.tag.step()};
  });
  return messages;
}

/// How far the flow that is furthest ahead has come.
double World::latest() const {
  double latest = now_;
  for (const Flow* flow : flows_) latest = std::max(latest, flow->time());
  return latest;
}

Standstill World::standstill() const {
  Standstill report{.blocked = {}, .returned = {}, .unmatched = unmatched()};
  for (const Flow* flow : flows_) {
    if (!flow->is_blocked()) continue;
    BlockedFlow& blocked =
        report.blocked.emplace_back(BlockedFlow{flow->rank(), flow->context(), {}});
    if (const Exchange& ahead = flow->exchange_; ahead.open) {
      blocked.waits.push_back(ahead.open & Exchange::receiving
                                  ? waits_to_receive(ahead.from, ahead.tag())
                                  : waits_to_send(ahead.to, ahead.tag(), ahead.bytes));
      continue;
    }
    if (flow->awaited()) {
      blocked.waits.push_back(describe(*flow->awaited()));
      continue;
    }
    for (const auto& slab : operations_)
      for (std::size_t i = 0; i < slab_size; ++i)
        if (const LogGPOperation& operation = slab[i]; operation.in_use && operation.flow == flow &&
                                                       !operation.is.done &&
                                                       flow->waits_for(operation))
          blocked.waits.push_back(describe(operation));
  }
  std::ranges::stable_sort(report.blocked, {}, &BlockedFlow::rank);
  for (Rank rank = 0; rank < size(); ++rank)
    if (ranks_[static_cast<std::size_t>(rank)].has_ended) report.returned.push_back(rank);
  return report;
}

}  // namespace troupe::sim::loggp
