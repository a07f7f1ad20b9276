#include "sim/simgrid/world.hpp"

#include <algorithm>
#include <cstring>

#include <simgrid/kernel/Timer.hpp>

#include "platforms/simgrid/compat.hpp"
#include "sim/simgrid/flow.hpp"

namespace troupe::sim::simgrid_world {

World::World(std::vector<s4u::Host*> host_of_rank, std::vector<Processor> processors,
             Options options)
    : host_of_rank_{std::move(host_of_rank)},
      processors_{std::move(processors)},
      options_{std::move(options)},
      accounting_{host_of_rank_},
      couriers_(host_of_rank_.size()),
      lost_(host_of_rank_.size(), false),
      shares_cores_(host_of_rank_.size(), false) {
  for (Rank rank = 0; rank < size(); ++rank) slowness_.emplace_back(options_.jitter, rank);
  std::unordered_map<s4u::Host*, int> ranks_on;
  for (s4u::Host* host : host_of_rank_) ++ranks_on[host];
  for (std::size_t i = 0; i < host_of_rank_.size(); ++i)
    shares_cores_[i] = ranks_on[host_of_rank_[i]] > host_of_rank_[i]->get_core_count();
  for (s4u::Host* host : host_of_rank_) {
    std::vector<s4u::Link*> links;
    double latency = 0;
    host->route_to(host, links, &latency);
    has_loopback_.push_back(!links.empty() || latency > 0);
  }
}
World::~World() = default;

void World::start(const std::function<void(Communicator&)>& program) {
  for (Rank rank = 0; rank < size(); ++rank) {
    const auto actor = platforms::compat::add_actor(
        "rank" + std::to_string(rank), host(rank), [this, rank, &program] {
          try {
            Flow flow{*this, rank, Context{}};
            program(flow);
          } catch (const ::simgrid::ForcefulKillException&) {
            throw;
          } catch (...) {
            fail(rank, std::current_exception());
          }
          accounting_.ended(rank, now());
        });
    inboxes_.push_back(s4u::Mailbox::by_name("inbox" + std::to_string(rank)));
    inboxes_.back()->set_receiver(actor);
    actor->on_exit([this, rank](bool failed) {
      if (!failed || over_) return;
      // Not from the dying actor, whose own simcalls would end it at once: from the maestro.
      ::simgrid::kernel::timer::Timer::set(s4u::Engine::get_clock(),
                                           [this, rank] { rank_lost(rank); });
    });
  }
}

void World::fail(Rank rank, std::exception_ptr error) {
  errors_.emplace_back(rank, std::move(error));
  if (std::exchange(over_, true)) return;
  s4u::Actor::kill_all();
}
void World::rethrow_error() const {
  if (errors_.empty()) return;
  std::rethrow_exception(
      std::ranges::min_element(errors_, {}, &decltype(errors_)::value_type::first)->second);
}

// ---- operations

SimOperation& World::new_operation(Flow& flow, SimOperation::Kind kind) {
  if (free_operations_.empty()) free_operations_.push_back(&operations_.emplace_back(*this));
  SimOperation& operation = *free_operations_.back();
  free_operations_.pop_back();
  operation.renew(flow, kind, flow.next_sequence());
  ++flow.operations;
  return operation;
}
void World::recycle(SimOperation& operation) noexcept {
  operation.in_use = false;
  if (operation.flow) --operation.flow->operations;
  operation.flow = nullptr;
  free_operations_.push_back(&operation);
}
void World::strike_off(Flow& flow) {
  std::erase(flows_, &flow);
  if (flow.operations == 0) return;
  for (SimOperation& operation : operations_)
    if (operation.flow == &flow) operation.flow = nullptr;
}

// ---- messages

/// Makes sure that take_mailbox() finds one: making a mailbox lets other actors run, and so must
/// not come between a decision and what follows from it.
void World::reserve_mailbox() {
  while (free_mailboxes_.empty())
    free_mailboxes_.push_back(s4u::Mailbox::by_name("troupe" + std::to_string(mailboxes_++)));
}
s4u::Mailbox* World::take_mailbox() {
  s4u::Mailbox* mailbox = free_mailboxes_.back();
  free_mailboxes_.pop_back();
  return mailbox;
}
bool World::stays_inside(const SimOperation& send) const {
  return host(send.from) == host(send.to) && !has_loopback_[static_cast<std::size_t>(send.from)];
}
s4u::Mailbox& World::inbox_of(Rank rank) { return *inboxes_[static_cast<std::size_t>(rank)]; }

void World::post_send(SimOperation& send) {
  if (is_lost(send.to)) {
    const auto gone = "rank " + std::to_string(send.to) + " is gone: its host failed";
    return send.fail(send.to, std::make_exception_ptr(PeerLost{gone}), now());
  }
  reserve_mailbox();
  if (send.eager) return post_eager(send);
  SimOperation* receive = matching_.post_message(send.key(), send);
  if (!receive) {
    if (stays_inside(send)) return;
    send.mailbox = take_mailbox();
    send.comm = start_put(send, *send.mailbox);
    return;
  }
  pair_up(send, *receive);
  send.pair = accounting_.started(send.from, send.to, send.bytes, now());
  if (stays_inside(send)) return arrive_at_once(send);
  if (send.bytes == 0) {  // SimGrid takes an empty message in an inbox for one that has arrived
    send.mailbox = take_mailbox();
    send.comm = start_put(send, *send.mailbox);
    courier(send.to).get(send);
    return;
  }
  s4u::Mailbox& inbox = inbox_of(send.to);
  send.comm = start_put(send, inbox);
  send.get = start_get(inbox);
}

/// Without SimGrid, which aborts where a route has neither links nor latency; as from there, from
/// the maestro.
void World::arrive_at_once(SimOperation& send) {
  ::simgrid::kernel::timer::Timer::set(
      now().count(), [this, &send] { send.eager ? eager_arrived(send) : deliver(send); });
}

void World::pair_up(SimOperation& send, SimOperation& receive) {
  send.partner = &receive;
  receive.partner = &send;
}

void World::post_receive(SimOperation& receive) {
  if (receive.from != any_rank && is_lost(receive.from)) {
    const auto gone = "rank " + std::to_string(receive.from) + " is gone: its host failed";
    return receive.fail(receive.from, std::make_exception_ptr(PeerLost{gone}), now());
  }
  SimOperation* send = matching_.post_receive(receive.key(), receive);
  if (!send) return;
  pair_up(*send, receive);
  if (send->eager) {
    if (send->arrived) hand_over(*send, receive);
    return;
  }
  send->pair = accounting_.started(send->from, send->to, send->bytes, now());
  if (stays_inside(*send)) return arrive_at_once(*send);
  receive.comm = start_get(*send->mailbox);
  free_mailboxes_.push_back(std::exchange(send->mailbox, nullptr));
}

bool World::forget_receive(SimOperation& receive) {
  if (!receive.is_queued()) return false;
  matching_.remove(receive);
  return true;
}

namespace {

/// SimGrid's copy callback; `source` is the sending operation.
void on_delivery(::simgrid::kernel::activity::CommImpl*, void* source, std::size_t) {
  auto& send = *static_cast<SimOperation*>(source);
  send.eager ? send.world().eager_arrived(send) : send.world().deliver(send);
}

}  // namespace

s4u::CommPtr start_put(SimOperation& send, s4u::Mailbox& mailbox) {
  s4u::CommPtr comm = mailbox.put_init();
  comm->set_payload_size(send.bytes);
  comm->set_src_data(&send, sizeof(void*));
  comm->set_copy_data_callback(&on_delivery);
  comm->start();
  return comm;
}
s4u::CommPtr start_get(s4u::Mailbox& mailbox) {
  static void* nowhere;  // SimGrid calls back only where both sides give an address
  s4u::CommPtr comm = mailbox.get_init();
  comm->set_dst_data(&nowhere, sizeof nowhere);
  comm->set_copy_data_callback(&on_delivery);
  comm->start();
  return comm;
}

void World::deliver(SimOperation& send) {
  accounting_.finished(send.pair, send.bytes, now());
  if (send.get && send.mailbox) {  // a courier's
    courier(send.to).finished(std::move(send.get));
    free_mailboxes_.push_back(std::exchange(send.mailbox, nullptr));
  }
  send.get = nullptr;
  send.complete(send.to, send.bytes, now());
  hand_over(send, *send.partner);
  if (send.flow) send.flow->completed(send);
}

/// Gives the bytes of `send` to `receive`.
void World::hand_over(SimOperation& send, SimOperation& receive) {
  if (send.bytes > receive.bytes) {
    receive.fail(send.from,
                 std::make_exception_ptr(
                     Truncated{"rank " + std::to_string(send.to) + " has room for " +
                               std::to_string(receive.bytes) + " bytes, but rank " +
                               std::to_string(send.from) + " sent " + std::to_string(send.bytes)}),
                 now());
  } else {
    const std::byte* source = send.eager ? send.copy.data() : send.source;
    if (source && receive.target && send.bytes > 0) std::memcpy(receive.target, source, send.bytes);
    receive.complete(send.from, send.bytes, now());
  }
  if (receive.flow) receive.flow->completed(receive);
  if (send.eager) {
    send.transfer_over = true;
    send.recycle_if_over();
  }
}

// ---- eager messages

void World::post_eager(SimOperation& send) {
  send.transfer_over = false;
  send.arrived = false;
  if (send.source) send.copy.assign(send.source, send.source + send.bytes);
  else send.copy.clear();
  if (SimOperation* receive = matching_.post_message(send.key(), send)) {
    pair_up(send, *receive);
  }
  send.pair = accounting_.started(send.from, send.to, send.bytes, now());
  if (stays_inside(send)) {
    arrive_at_once(send);
  } else {
    send.mailbox = take_mailbox();
    courier(send.from).put(send);
    courier(send.to).get(send);
  }
  const Seconds copying = charge_copy(options_.compute, processor(send.from), Bytes{send.bytes});
  if (copying.count() <= 0) return send.complete(send.to, send.bytes, now());
  ::simgrid::kernel::timer::Timer::set((now() + copying).count(), [&send] {
    send.complete(send.to, send.bytes, now());
    if (send.flow) send.flow->completed(send);
  });
}

void World::eager_arrived(SimOperation& send) {
  accounting_.finished(send.pair, send.bytes, now());
  if (send.mailbox) {
    free_mailboxes_.push_back(std::exchange(send.mailbox, nullptr));
    courier(send.from).finished(std::move(send.comm));
    courier(send.to).finished(std::move(send.get));
  }
  send.arrived = true;
  if (send.partner) hand_over(send, *send.partner);
}

Courier& World::courier(Rank rank) {
  auto& courier = couriers_[static_cast<std::size_t>(rank)];
  if (!courier) courier = std::make_unique<Courier>(*host(rank), rank);
  return *courier;
}

void Courier::order(Job job) {
  jobs_.push_back(job);
  // Set before the actor is made: making it lets others run, who may order too.
  if (!std::exchange(started_, true))
    platforms::compat::add_actor("courier" + std::to_string(rank_), &host_, [this] {
      work();
    })->daemonize();
  wake_->release();
}
void Courier::work() {
  for (;;) {
    wake_->acquire();
    for (const s4u::CommPtr& comm : std::exchange(finished_, {})) comm->wait();
    const auto [send, is_put] = jobs_.front();
    jobs_.pop_front();
    (is_put ? send->comm : send->get) =
        is_put ? start_put(*send, *send->mailbox) : start_get(*send->mailbox);
  }
}

// ---- ranks that are gone

void World::rank_lost(Rank rank) {
  lost_[static_cast<std::size_t>(rank)] = true;
  const auto error = std::make_exception_ptr(
      PeerLost{"rank " + std::to_string(rank) + " is gone: its host failed"});
  for (SimOperation& operation : operations_) {
    const bool is_message =
        operation.kind == SimOperation::Kind::send || operation.kind == SimOperation::Kind::receive;
    if (!operation.in_use || operation.is_done() || !is_message) continue;
    const Rank peer = operation.kind == SimOperation::Kind::send ? operation.to
                      : operation.partner                        ? operation.partner->from
                                                                 : operation.from;
    if (peer != rank) continue;
    if (operation.is_queued()) matching_.remove(operation);
    if (operation.comm && !operation.partner) operation.comm->cancel();
    operation.fail(rank, error, now());
    if (operation.flow) operation.flow->completed(operation);
  }
}

// ---- the end

SimulationResult World::result() const {
  SimulationResult result = accounting_.result();
  result.unmatched = unmatched();
  return result;
}

}  // namespace troupe::sim::simgrid_world
