#include "core/loopback_world.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

namespace troupe::loopback {

void World::account(Rank rank, int RankState::*doing, int change) {
  RankState& state = this->state(rank);
  const Seconds at = now(), passed = at - std::exchange(state.since, at);
  if (state.computing > 0) state.activity.computing += passed;
  else if (state.moving > 0) state.activity.communicating += passed;
  else if (state.waiting > 0 && state.waiting == state.flows) state.activity.waiting += passed;
  state.*doing += change;
}

void World::deliver(Message* matched, Receive& receive) {
  const std::unique_ptr<Message> message{matched};
  const auto [from, to, tag, bytes] = message->facts;
  if (bytes > receive.room.bytes) {
    fail(receive, from,
         std::make_exception_ptr(Truncated{to_text(message->facts) +
                                           ", but the receive has room for " +
                                           std::to_string(receive.room.bytes)}));
  } else {
    if (bytes > 0 && message->address && !receive.room.is_phantom()) {
      for (const Rank rank : {from, to}) account(rank, &RankState::moving, 1);
      std::memmove(receive.room.address, message->address, bytes);
      for (const Rank rank : {from, to}) account(rank, &RankState::moving, -1);
    }
    ++state(to).activity.received_messages;
    state(to).activity.received_bytes += bytes;
    finish(receive, from, bytes);
  }
  if (!message->sender) return;
  message->sender->unmatched = nullptr;
  finish(*message->sender, to, bytes);
}

void World::finished(LoopbackOperation& operation) {
  Flow& flow = operation.flow;
  if (flow.awaited_ == &operation ||
      (flow.awaited_set_ && operation.wait_set() == flow.awaited_set_))
    unblock(flow);
}
void World::finish(LoopbackOperation& operation, Rank peer, std::size_t bytes) {
  operation.complete(peer, bytes, now());
  finished(operation);
}
void World::fail(LoopbackOperation& operation, Rank peer, std::exception_ptr error) {
  operation.fail(peer, std::move(error), now());
  finished(operation);
}
void World::fail_as_lost(LoopbackOperation& operation, Rank peer) {
  fail(operation, peer,
       std::make_exception_ptr(PeerLost{"rank " + std::to_string(peer) + " has failed"}));
}

void World::block(std::unique_lock<std::mutex>& lock, Flow& flow) {
  flow.blocked_ = true;
  ++blocked_;
  account(flow.rank_, &RankState::waiting, 1);
  resolve_standstill();
  flow.wake_.wait(lock, [&] { return !flow.blocked_; });
  account(flow.rank_, &RankState::waiting, -1);
}
void World::unblock(Flow& flow) {
  if (std::exchange(flow.blocked_, false)) --blocked_;
  flow.wake_.notify_one();
}

void World::rank_ended(Rank rank, std::exception_ptr error) {
  const std::lock_guard lock{mutex_};
  state(rank).has_ended = true;
  if (error) {
    state(rank).error = std::move(error);
    lose(rank);
  }
  flow_ended(*state(rank).main);
}
void World::flow_ended(Flow& flow) {
  flows_.erase(&flow);
  account(flow.rank_, &RankState::flows, -1);
  resolve_standstill();
}

/// Nothing that `rank` has not yet done will ever be done.
void World::lose(Rank rank) {
  if (std::exchange(state(rank).is_lost, true)) return;
  std::vector<Receive*> receives;
  std::vector<Send*> sends;
  queues_.for_each_receive([&](const MatchKey& key, Receive& receive) {
    if (key.from == rank || key.to == rank) receives.push_back(&receive);
  });
  queues_.for_each_message([&](const MatchKey& key, Message& message) {
    if (message.sender && (message.facts.from == rank || key.to == rank))
      sends.push_back(message.sender);
  });
  for (Receive* receive : receives) {
    queues_.remove(*receive);
    fail_as_lost(*receive, rank);
  }
  for (Send* send : sends) {
    send->forget(true);
    fail_as_lost(*send, rank);
  }
}

/// If every flow waits for ever: gives up the ranks that wait only to throw, else all.
void World::resolve_standstill() {
  const auto moves = [&] { return blocked_ < flows_.size() || flows_.empty(); };
  if (moves() || !deadlock_.empty()) return;
  std::vector<Rank> failing;
  for (const Flow* flow : flows_)
    if (flow->unwinding_) failing.push_back(flow->rank_);
  for (const Rank rank : failing) lose(rank);
  if (moves()) return;
  deadlock_ = to_text(standstill());
  for (Flow* flow : flows_) unblock(*flow);
}

Standstill World::standstill() const {
  Standstill all;
  const auto waits_of = [&](const Flow& flow) {
    const auto is_awaited = [&](const Operation& operation) {
      return flow.awaited_ == &operation ||
             (flow.awaited_set_ && operation.wait_set() == flow.awaited_set_);
    };
    std::vector<std::string> waits;
    queues_.for_each_receive([&](const MatchKey&, const Receive& receive) {
      if (is_awaited(receive)) waits.push_back(waits_to_receive(receive.from, receive.tag));
    });
    queues_.for_each_message([&](const MatchKey&, const Message& message) {
      if (message.sender && is_awaited(*message.sender))
        waits.push_back(waits_to_send(message.facts.to, message.facts.tag, message.facts.bytes));
    });
    for (const Spawned* spawned : spawned_)
      if (is_awaited(*spawned)) waits.push_back(waits_for_flow(spawned->context));
    std::ranges::sort(waits);
    return waits;
  };
  for (const Flow* flow : flows_)
    all.blocked.push_back({flow->rank_, flow->context_, waits_of(*flow)});
  std::ranges::sort(all.blocked, {}, [](const BlockedFlow& flow) {
    return std::pair{flow.rank, flow.context.path()};
  });
  for (std::size_t i = 0; i < states_.size(); ++i)
    if (states_[i].has_ended) all.returned.push_back(static_cast<Rank>(i));
  all.unmatched = unmatched();
  return all;
}

std::vector<UnmatchedMessage> World::unmatched() const {
  std::vector<UnmatchedMessage> all;
  queues_.for_each_message(
      [&](const MatchKey&, const Message& message) { all.push_back(message.facts); });
  std::ranges::stable_sort(all, {}, [](const UnmatchedMessage& message) {
    return std::tuple{message.from, message.to, message.tag.name(), message.tag.step()};
  });
  return all;
}

RunReport World::result() const {
  enum class Kind { cause, standstill, loss };
  const auto kind_of = [](const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const PeerLost&) {
      return Kind::loss;
    } catch (const Deadlock&) {
      return Kind::standstill;
    } catch (...) {
      return Kind::cause;
    }
  };
  for (const Kind kind : {Kind::cause, Kind::standstill, Kind::loss})
    for (const RankState& state : states_)
      if (state.error && kind_of(state.error) == kind) std::rethrow_exception(state.error);
  const std::lock_guard lock{mutex_};
  RunReport report{unmatched()};
  for (const RankState& state : states_) report.activity.push_back(state.activity);
  return report;
}

}  // namespace troupe::loopback
