// Messages: meeting, leaving, arriving, and what they cost.

#include <algorithm>
#include <cstring>
#include <string>

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

namespace {

std::size_t index(std::int32_t number) { return static_cast<std::size_t>(number); }
/// Signed numbers are converted by one instruction.
double as_double(std::size_t bytes) {
  return static_cast<double>(static_cast<std::int64_t>(bytes));
}

}  // namespace

// ---- meeting

void World::meet(Pending& send, Pending& receive) {
  send.other = &receive;
  receive.other = &send;
  const double start = std::max(send.head, receive.head);
  if (start <= now_) return begin_transfer(send);
  send.kind = Event::Kind::departure;
  agenda_.add(start, send);
}

void World::post_eager_send(LogGPOperation& send) {
  send.is.eager = true;
  send.transfer_over = false;
  if (Pending* const receive = channels_.post(send)) {
    send.other = receive;
    receive->other = &send;
  }
  if (send.address && send.bytes > 0) {
    send.copy = std::make_unique_for_overwrite<std::byte[]>(send.bytes);
    std::memcpy(send.copy.get(), send.address, send.bytes);
    send.address = send.copy.get();
  }
  begin_transfer(send);
  const Processor& processor = seats_[index(send.from)].processor;
  const Seconds copying = charge_copy(options_.compute, processor, Bytes{send.bytes});
  if (copying.count() > 0) set_timer(now_ + copying.count(), {.sent = &send});
  else complete(send, send.to, send.bytes);
}

// ---- moving

/// Counts a message and sends it on its way by the port it leaves by, at `start` or later.
World::Flight World::leave(Pair& pair, std::size_t size, double start) {
  pair.count(size);
  const double bytes = as_double(size);
  if (pair.out != Route::no_port) {
    PortState& port = ports_[index(pair.out)];
    if (port.arrivals.first()) commit(port, start);
    start = std::max(start, port.free);
    port.free = start + bytes * port.per_byte + gap_of(pair.kind);
  }
  double latency = pair.latency, per_byte = pair.per_byte;
  if (scales_by_size_) {
    const SizeScale scale = network_.scale(pair.kind, bytes);
    latency *= scale.latency;
    per_byte *= scale.per_byte;
  }
  const double head = start + latency;
  return {head, head + bytes * per_byte};
}

/// It goes through the port it enters by as soon as that is free.
void World::enter(PortState& port, std::uint8_t kind, std::size_t size, Flight& flight) {
  const double in = std::max(flight.head, port.free) + as_double(size) * port.per_byte;
  port.free = in + gap_of(kind);
  flight.end = std::max(flight.end, in);
}

void World::begin_transfer(Pending& send) {
  Pair& pair = pair_of(send.from, send.to);
  const Flight flight = leave(pair, send.bytes, now_);
  send.head = flight.head;
  send.end = flight.end;
  send.port = pair.in;
  send.pair_kind = pair.kind;
  if (pair.in != Route::no_port) {
    send.order = transfers_++;
    ports_[index(pair.in)].arrivals.push(send);
  }
  // Who is ahead books himself when all is known.
  if (send.is.is_for == Pending::For::ahead) send.flow->exchange_.sent.begun = now_;
  else ranks_[index(send.from)].communicates(now_, send.end);
  if (!send.is.eager && send.other->is.is_for == Pending::For::ahead)
    send.other->flow->exchange_.received.begun = now_;
  else ranks_[index(send.to)].communicates(now_, send.end);
  send.kind = Event::Kind::arrival;
  agenda_.add(send.end, send);
}

/// The message has its turn at the port it enters by.
void World::take_turn(PortState& port, Pending& send) {
  Flight flight{send.head, send.end};
  enter(port, send.pair_kind, send.bytes, flight);
  send.is.committed = true;
  if (flight.end == send.end) return;
  send.end = flight.end;
  if (send.is.is_for != Pending::For::ahead) ranks_[index(send.from)].communicates(now_, send.end);
  if (send.is.eager || send.other->is.is_for != Pending::For::ahead)
    ranks_[index(send.to)].communicates(now_, send.end);
}

/// The last byte would be in by now.
void World::arrive(Pending& send) {
  if (send.port != Route::no_port && !send.is.committed) {
    PortState& port = ports_[index(send.port)];
    if (port.arrivals.take_only(send)) take_turn(port, send);
    else commit(port, send.head);
  }
  if (send.end > now_) return agenda_.add(send.end, send);
  if (send.is.eager) {
    send.is.arrived = true;
    if (!send.is.queued) hand_over(send, *send.other);
    return;
  }
  Pending& receive = *send.other;
  complete(send, send.to, send.bytes);
  if (send.address || send.bytes > receive.bytes || has_overheads_) return hand_over(send, receive);
  receive.from = send.from;  // nothing to copy
  receive.bytes = send.bytes;
  complete(receive, send.from, send.bytes);
}

/// Gives every message whose first byte has arrived by `time` its turn at the port.
void World::commit(PortState& port, double time) {
  while (port.arrivals.first() && port.arrivals.first()->head <= time)
    take_turn(port, port.arrivals.pop());
}

/// Gives the bytes of `send` to `receive`.
void World::hand_over(Pending& send, Pending& receive) {
  if (send.bytes > receive.bytes) {
    fail(receive, send.from, too_long(send.from, send.to, send.bytes, receive.bytes));
  } else {
    if (send.address && receive.address && send.bytes > 0)
      std::memmove(receive.address, send.address, send.bytes);
    receive.from = send.from;
    receive.bytes = send.bytes;
    receive.pair_kind = send.pair_kind;
    if (has_overheads_) take_notice(receive);
    else complete(receive, receive.from, receive.bytes);
  }
  if (!send.is.eager) return;
  auto& operation = static_cast<LogGPOperation&>(send);
  operation.copy = nullptr;
  operation.transfer_over = true;
  operation.recycle_if_over();
}

std::exception_ptr World::too_long(Rank from, Rank to, std::size_t bytes, std::size_t room) {
  return std::make_exception_ptr(
      Truncated{"rank " + std::to_string(to) + " has room for " + std::to_string(room) +
                " bytes, but rank " + std::to_string(from) + " sent " + std::to_string(bytes)});
}

/// The bytes are there; the processor has still to take notice.
void World::take_notice(Pending& receive) {
  RankState& rank = ranks_[index(receive.to)];
  rank.processor_free =
      std::max(now_, rank.processor_free) + overhead(receive.pair_kind, receive.bytes);
  receive.kind = Event::Kind::received;
  agenda_.add(rank.processor_free, receive);
}

// ---- pairs

/// On the thread's own stack: a route takes more of one than anything else that flows do, and a
/// hundred thousand of them would touch a page more.
Pair& World::new_pair(Rank from, Rank to) {
  if (!running_ || over_) return add_pair(from, to);
  Pair* added = nullptr;
  std::exception_ptr error;
  outside_.run(running_->fiber_, own_, [&] {
    try {
      added = &add_pair(from, to);
    } catch (...) {
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
  return *added;
}

Pair& World::add_pair(Rank from, Rank to) {
  Pairs& pairs = ranks_[index(from)].pairs;
  if (pairs.size() >= counters_.most_pairs()) {
    counters_.count(from, pairs, pair_pool_);
    pairs.clear(pair_pool_);
  }
  const Route route = network_.route(from, to);
  if (route.kind >= overheads_.size()) overheads_.resize(route.kind + std::size_t{1});
  return pairs.add({.to = to,
                    .out = route.out,
                    .in = route.in,
                    .own_ports = route.own_ports,
                    .kind = route.kind,
                    .latency = route.latency.count(),
                    .per_byte = route.per_byte.count()},
                   pair_pool_);
}

}  // namespace troupe::sim::loggp
