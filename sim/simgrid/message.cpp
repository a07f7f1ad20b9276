// Messages: which meets which, and what becomes of them.

#include <algorithm>
#include <cstring>
#include <string>

#include <simgrid/kernel/Timer.hpp>

#include "sim/simgrid/world.hpp"

namespace troupe::sim::simgrid_world {

namespace {

std::exception_ptr is_gone(Rank rank) {
  return std::make_exception_ptr(
      PeerLost{"rank " + std::to_string(rank) + " is gone: its host failed"});
}

}  // namespace

// ---- both sides meet

void World::pair_up(SimOperation& send, SimOperation& receive) {
  send.partner = &receive;
  receive.partner = &send;
}

void World::post_send(SimOperation& send) {
  if (is_lost(send.to)) return send.fail(send.to, is_gone(send.to), now());
  if (send.eager) return post_eager(send);
  SimOperation* const receive = matching_.post_message(send.key(), send);
  if (!receive) return;
  pair_up(send, *receive);
  begin_transfer(send);
}

void World::post_receive(SimOperation& receive) {
  if (receive.from != any_rank && is_lost(receive.from))
    return receive.fail(receive.from, is_gone(receive.from), now());
  SimOperation* const send = matching_.post_receive(receive.key(), receive);
  if (!send) return;
  pair_up(*send, receive);
  if (!send->eager) begin_transfer(*send);
  else if (send->arrived) hand_over(*send, receive);
}

bool World::forget_receive(SimOperation& receive) {
  if (!receive.is_queued()) return false;
  matching_.remove(receive);
  return true;
}

void World::post_eager(SimOperation& send) {
  send.transfer_over = false;
  if (send.source) send.copy.assign(send.source, send.source + send.bytes);
  else send.copy.clear();
  if (SimOperation* const receive = matching_.post_message(send.key(), send))
    pair_up(send, *receive);
  begin_transfer(send);
  const Seconds copying = charge_copy(options_.compute, processor(send.from), Bytes{send.bytes});
  if (copying.count() <= 0) return send.complete(send.to, send.bytes, now());
  send.copying = true;
  ::simgrid::kernel::timer::Timer::set((now() + copying).count(), [this, &send] {
    if (over_) return;
    send.copying = false;
    if (!send.is_done()) send.complete(send.to, send.bytes, now());
    notify(send);
    send.recycle_if_over();
  });
}

// ---- on the way

void World::begin_transfer(SimOperation& send) {
  send.pair = accounting_.started(send.from, send.to, send.bytes, now());
  const bool stays_inside = &host(send.from) == &host(send.to) && !has_loopback_[index(send.from)];
  (stays_inside ? inside_ : to_start_).push_back(&send);
}

void World::set_out(SimOperation& send) {
  if (connections_) connections_->send(send, host(send.from), host(send.to));
  else start_transfer(send);
}

const s4u::Comm* World::start_transfer(SimOperation& send) {
  if (is_lost(send.from) || is_lost(send.to)) {  // at this moment: lose() tells the other side
    accounting_.broken_off(send.pair, now());
    return nullptr;
  }
  if (!some_link_is_down_ || !is_cut(send))
    return &transfers_.start(send, host(send.from), host(send.to));
  const std::size_t pair = send.pair;
  break_off(send);
  if (connections_) connections_->next(pair);
  return nullptr;
}

void World::end_transfer(Transfer& transfer) {
  SimOperation* const send = transfer.send;
  const bool has_failed = transfer.has_failed;
  if (!send) return;  // cancelled since
  transfers_.give_back(transfer);
  const std::size_t pair = send->pair;
  has_failed ? break_off(*send) : arrive(*send);
  if (connections_) connections_->next(pair);
}

/// The bytes are where they were sent to.
void World::arrive(SimOperation& send) {
  accounting_.finished(send.pair, send.bytes, now());
  if (send.eager) {
    send.arrived = true;
    if (send.partner) hand_over(send, *send.partner);
    return;
  }
  send.complete(send.to, send.bytes, now());
  hand_over(send, *send.partner);
  notify(send);
}

/// Gives the bytes of `send` to `receive`.
void World::hand_over(SimOperation& send, SimOperation& receive) {
  if (send.error) {
    receive.fail(send.from, std::exchange(send.error, nullptr), now());
  } else if (send.bytes > receive.bytes) {
    receive.fail(send.from,
                 std::make_exception_ptr(
                     Truncated{"rank " + std::to_string(send.to) + " has room for " +
                               std::to_string(receive.bytes) + " bytes, but rank " +
                               std::to_string(send.from) + " sent " + std::to_string(send.bytes)}),
                 now());
  } else {
    const std::byte* const source = send.eager ? send.copy.data() : send.source;
    if (source && receive.target && send.bytes > 0) std::memcpy(receive.target, source, send.bytes);
    receive.complete(send.from, send.bytes, now());
  }
  notify(receive);
  if (send.eager) {
    send.transfer_over = true;
    send.recycle_if_over();
  }
}

// ---- what is lost

/// A link or a host on the way has failed.
void World::break_off(SimOperation& send) {
  accounting_.broken_off(send.pair, now());
  const auto error = [](Rank of, Rank peer) {
    return std::make_exception_ptr(PeerLost{"a link between rank " + std::to_string(of) +
                                            " and rank " + std::to_string(peer) + " has failed"});
  };
  if (send.eager) {
    send.arrived = true;
    send.error = error(send.to, send.from);
    if (send.partner) hand_over(send, *send.partner);
    return;
  }
  fail(*send.partner, send.from, error(send.to, send.from));
  fail(send, send.to, error(send.from, send.to));
}

void World::fail(SimOperation& operation, Rank peer, std::exception_ptr error) {
  operation.fail(peer, std::move(error), now());
  notify(operation);
}

bool World::is_cut(const SimOperation& send) const {
  std::vector<s4u::Link*> links;
  double latency = 0;
  host(send.from).route_to(&host(send.to), links, &latency);
  return std::ranges::any_of(links, [](const s4u::Link* link) { return !link->is_on(); });
}

/// The rank's host has failed: whoever needs this rank is told, and its flows end.
void World::lose(Rank rank) {
  const auto is_lost_with_it = [this, rank](const SimOperation& send) {
    if (send.from != rank && send.to != rank) return false;
    accounting_.broken_off(send.pair, now());
    return true;
  };
  transfers_.cancel(is_lost_with_it);
  if (connections_) connections_->cancel(is_lost_with_it);
  const auto error = is_gone(rank);
  for (SimOperation& operation : operations_) {
    const bool is_message =
        operation.kind == SimOperation::Kind::send || operation.kind == SimOperation::Kind::receive;
    if (!operation.in_use || !is_message) continue;
    const bool sends = operation.kind == SimOperation::Kind::send;
    const Rank owner = sends ? operation.from : operation.to;
    const Rank peer = sends               ? operation.to
                      : operation.partner ? operation.partner->from
                                          : operation.from;
    if (owner != rank && peer != rank) continue;
    if (operation.is_queued()) matching_.remove(operation);
    if (owner != rank && !operation.is_done()) fail(operation, rank, error);
  }
  for (const auto& flow : flows_) {
    if (flow->rank_ != rank || flow->has_ended_) continue;
    flow->dying_ = true;
    if (flow->kernel_) std::exchange(flow->kernel_, nullptr)->remove();
    wake(*flow);
  }
}

}  // namespace troupe::sim::simgrid_world
