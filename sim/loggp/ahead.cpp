// What ranks do ahead of the world's clock: exchanges and kernels whose ends are known without
// waiting for them, and in which order such ranks go on.

#include <algorithm>
#include <cstring>

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

// ---- exchanges

/// Both messages are issued. When they end is known once the other sides have issued theirs, if
/// these are ahead, too; else when the world says that they have.
Completion Flow::exchange_ahead(const Tag& tag, const ConstPayload& outgoing, Rank to,
                                const Payload& room, Rank from) {
  check_sender(from, tag);
  check_receiver(to);
  World& world = world_;
  Exchange& mine = exchange_;
  world.fetch_exchange(from);
  world.fetch_exchange(to);
  mine.issued = time();
  mine.context = tag.is_placed() ? tag.context() : context_;
  mine.name = tag.name();
  mine.step = tag.step();
  mine.to = to;
  mine.from = from;
  mine.bytes = outgoing.bytes;
  mine.room = room.bytes;
  mine.leaving = outgoing.address;
  mine.arriving = room.address;
  mine.open = Exchange::receiving | Exchange::sending;
  world.receive_ahead(*this);
  world.send_ahead(*this);
  while (mine.open) {
    if (world.over_) throw Stopped{};
    world.block(*this);
  }
  clock_ = std::max(mine.received.end, mine.sent.end);
  const bool in_order = mine.received.begun <= mine.sent.begun;
  const Exchange::Span &first = in_order ? mine.received : mine.sent,
                       &second = in_order ? mine.sent : mine.received;
  state_.communicates(first.begun, first.end);
  state_.communicates(second.begun, second.end);
  if (world.has_jitter_) [[unlikely]]
    world.slowness_[static_cast<std::size_t>(rank_)].received();
  if (mine.error) [[unlikely]]
    std::rethrow_exception(std::exchange(mine.error, nullptr));
  return {.index = 0, .from = mine.from, .bytes = mine.room};
}

void World::receive_ahead(Flow& me) {
  Exchange& mine = me.exchange_;
  Flow& sender = flow_of(mine.from);
  if ((sender.exchange_.open & Exchange::send_waits) && sender.exchange_.to == me.rank_ &&
      sender.exchange_.has_tag_of(mine))
    return pass(sender, me, me);
  if (!sender.is_alone()) {
    Pending& receive = me.received_in_world();
    if (Pending* const send = channels_.find_other_side(receive)) return meet(*send, receive);
  }
  mine.open |= Exchange::receive_waits;
}

void World::send_ahead(Flow& me) {
  Exchange& mine = me.exchange_;
  Flow& receiver = flow_of(mine.to);
  if ((receiver.exchange_.open & Exchange::receive_waits) && receiver.exchange_.from == me.rank_ &&
      receiver.exchange_.has_tag_of(mine))
    return pass(me, receiver, me);
  if (!receiver.is_alone()) {
    Pending& send = me.sent_in_world();
    if (Pending* const receive = channels_.find_other_side(send)) return meet(send, *receive);
  }
  mine.open |= Exchange::send_waits;
}

/// A message between two that nothing else can happen to. Through ports that nobody else uses its
/// end is known now, whenever that will be. `me` is the one of the two that runs.
void World::pass(Flow& sender, Flow& receiver, const Flow& me) {
  Exchange &out = sender.exchange_, &in = receiver.exchange_;
  Pair& pair = out.pair;
  if (pair.to != receiver.rank_) [[unlikely]]
    take_pair(sender, receiver.rank_);
  if (!pair.own_ports) [[unlikely]] {
    out.open &= static_cast<std::uint8_t>(~Exchange::send_waits);
    in.open &= static_cast<std::uint8_t>(~Exchange::receive_waits);
    return meet(sender.sent_in_world(), receiver.received_in_world());
  }
  const double begun = std::max(out.issued, in.issued);
  Flight flight = leave(pair, out.bytes, begun);
  if (pair.in != Route::no_port)
    enter(ports_[static_cast<std::size_t>(pair.in)], pair.kind, out.bytes, flight);
  out.sent = in.received = {begun, flight.end};
  if (out.bytes > in.room) [[unlikely]] {
    in.error = too_long(sender.rank_, receiver.rank_, out.bytes, in.room);
  } else {
    if (out.leaving && in.arriving && out.bytes > 0)
      std::memmove(in.arriving, out.leaving, out.bytes);
    in.room = out.bytes;
  }
  out.open &= static_cast<std::uint8_t>(~(Exchange::sending | Exchange::send_waits));
  in.open &= static_cast<std::uint8_t>(~(Exchange::receiving | Exchange::receive_waits));
  Flow& other = &sender == &me ? receiver : sender;
  if (!other.exchange_.open && &other != &me) go_on_ahead(other);
}

/// Makes the pair of a sender that to `receiver`.
void World::take_pair(Flow& sender, Rank receiver) {
  Pair& pair = sender.exchange_.pair;
  put_pair_back(sender);
  pair = pair_of(sender.rank_, receiver);
  pair.messages = pair.bytes = 0;
}
/// Adds what it has counted to what is known of all pairs.
void World::put_pair_back(Flow& sender) {
  Pair& pair = sender.exchange_.pair;
  if (pair.messages == 0) return;
  Pair& known = pair_of(sender.rank_, pair.to);
  known.messages += std::exchange(pair.messages, 0);
  known.bytes += std::exchange(pair.bytes, 0);
}

Pending& Flow::received_in_world() noexcept {
  Pending& receive = own_[0];
  receive.begin(this, Pending::What::receive, Pending::For::ahead);
  receive.name(exchange_.from, rank_, exchange_.tag(), exchange_.room, exchange_.arriving);
  receive.head = exchange_.issued;
  return receive;
}
Pending& Flow::sent_in_world() noexcept {
  Pending& send = own_[1];
  send.begin(this, Pending::What::send, Pending::For::ahead);
  send.name(rank_, exchange_.to, exchange_.tag(), exchange_.bytes,
            const_cast<std::byte*>(exchange_.leaving));
  send.head = exchange_.issued;
  return send;
}

/// What waits in place for `fresh`, which is not ahead. A rank that is has nothing in the channels.
Pending* World::waiting_ahead(const Pending& fresh) {
  if (!runs_ahead_ || fresh.tag.is_open()) return nullptr;
  const bool is_send = fresh.what == Pending::What::send;
  Flow& other = flow_of(is_send ? fresh.to : fresh.from);
  Exchange& exchange = other.exchange_;
  const std::uint8_t waits = is_send ? Exchange::receive_waits : Exchange::send_waits;
  if (!(exchange.open & waits) || exchange.tag() != fresh.tag ||
      (is_send ? exchange.from != fresh.from : exchange.to != fresh.to))
    return nullptr;
  exchange.open &= static_cast<std::uint8_t>(~waits);
  return is_send ? &other.received_in_world() : &other.sent_in_world();
}

/// The world says that one of the messages of an exchange ahead has ended.
void World::complete_ahead(Pending& pending, double end) noexcept {
  pending.is.done = true;
  Flow& flow = *pending.flow;
  Exchange& exchange = flow.exchange_;
  if (pending.what == Pending::What::receive) {
    exchange.received.end = end;
    exchange.room = pending.bytes;
    exchange.error = std::exchange(pending.error, nullptr);
    exchange.open &= static_cast<std::uint8_t>(~Exchange::receiving);
  } else {
    exchange.sent.end = end;
    exchange.open &= static_cast<std::uint8_t>(~Exchange::sending);
  }
  if (!exchange.open) go_on_ahead(flow);
}

// ---- kernels

void Flow::compute_ahead(const Kernel& kernel) {
  if (const auto* const reduce = std::get_if<Reduce>(&kernel);
      reduce && is_as_the_last(*reduce) && reduce->into.is_phantom() && reduce->from.is_phantom())
    return spend_ahead(world_.spend_kernel(*this, reduced_.charge));
  check(kernel);
  std::exception_ptr error;
  spend_ahead(world_.spend_kernel(*this, world_.run_kernel(*this, kernel, error)));
  if (error) std::rethrow_exception(error);
}

void Flow::spend_ahead(double duration) noexcept {
  const double begun = time();
  clock_ = begun + duration;
  state_.computes(begun, clock_);
}

// ---- who goes on

void World::go_on_ahead(Flow& flow) noexcept {
  Neighbours& near = *flow.near_;
  flow.next_ready_ = nullptr;
  (near.first ? near.last->next_ready_ : near.first) = &flow;
  near.last = &flow;
  if (!near.is_listed) list(near);
}

/// Puts neighbours who can go on among the others, those first who did last.
void World::list(Neighbours& near) noexcept {
  near.is_listed = true;
  Neighbours** place = &first_near_;
  while (*place && (*place)->visited >= near.visited) place = &(*place)->next;
  near.next = *place;
  *place = &near;
}

Flow* World::next_ahead() noexcept {
  for (;;) {
    if (near_) {
      if (Flow* const flow = near_->first) {
        near_->first = flow->next_ready_;
        if (near_->first) fetch_flow(*near_->first);
        return flow;
      }
      near_->is_listed = false;
    }
    near_ = first_near_;
    if (!near_) return nullptr;
    near_->visited = ++visits_;
    first_near_ = near_->next;
    if (visits_ >= next_look_) find_neighbours();
  }
}

/// Neighbours are those who send to each other: as many as are near, from one to whom he sends to,
/// and on. Now and then, since programs change whom they talk to.
void World::find_neighbours() noexcept {
  const std::uint64_t look = ++looks_;
  next_look_ = visits_ + std::min(look, most_rounds_between_looks) * neighbours_.size();
  std::size_t placed = 0;
  for (std::size_t rank = 0; rank < seats_.size(); ++rank)
    for (Flow* flow = flows_[rank]; flow->looked_at_ != look;) {
      flow->looked_at_ = look;
      flow->near_ = &neighbours_[placed++ / Neighbours::ranks];
      if (const Rank to = flow->exchange_.to; to != any_rank) flow = &flow_of(to);
    }
}

}  // namespace troupe::sim::loggp
