#include "sim/loggp/flow.hpp"

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

Flow::Flow(World& world, Rank rank, Context context, Task task, LogGPOperation* spawned,
           Stack stack)
    : world_{world},
      rank_{rank},
      company_{spawned ? 1u : 0u},
      state_{world.ranks_[static_cast<std::size_t>(rank)]},
      context_{context},
      fiber_{stack, world.stacks().protection(), &World::run_flow, this},
      own_request_{spawned},
      task_{std::move(task)} {}

int Flow::size() const { return world_.size(); }
Seconds Flow::now() const { return Seconds{time()}; }

LogGPOperation& Flow::new_operation(Pending::What what) {
  LogGPOperation& operation = world_.spare_operation();
  operation.renew(this, what, sequence_++);
  ++company_;
  return operation;
}

void Flow::await(const Pending& pending) {
  if (pending.is.done) return;
  finish(pending);
  if (!pending.is.done) throw Stopped{};
}

// ---- messages

void Flow::check_receiver(Rank to) const {
  EXPECTS(0 <= to && to < world_.size(), "a message goes to a rank of the communicator");
}
void Flow::check_sender(Rank from, const Tag& tag) const {
  EXPECTS((from == any_rank) == tag.is_open(),
          "any_rank is received from on open tags, and only so");
  EXPECTS(from == any_rank || (0 <= from && from < world_.size()),
          "a message comes from a rank of the communicator");
}

Request Flow::isend(Rank to, Tag tag, ConstPayload payload) {
  check_receiver(to);
  if (tag.is_open()) catch_up();
  if (world_.has_overheads_) spend_overhead(to, payload.bytes);
  LogGPOperation& send = new_operation(Pending::What::send);
  send.head = time();
  send.name(rank_, to, placed(tag), payload.bytes, const_cast<std::byte*>(payload.address));
  if (world_.leaves_at_once(rank_, to, payload.bytes)) world_.post_eager_send(send);
  else world_.post_send(send);
  return Request{send};
}

Request Flow::irecv(Rank from, Tag tag, Payload room) {
  check_sender(from, tag);
  if (tag.is_open()) catch_up();
  LogGPOperation& receive = new_operation(Pending::What::receive);
  receive.head = time();
  receive.name(from, rank_, placed(tag), room.bytes, room.address);
  world_.post_receive(receive);
  return Request{receive};
}

Completion Flow::do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to,
                             const Payload& room, Rank from) {
  if (goes_ahead() && !tag.is_open()) [[likely]]
    return exchange_ahead(tag, outgoing, to, room, from);
  return exchange_in_step(tag, outgoing, to, room, from);
}

Completion Flow::exchange_in_step(const Tag& tag, const ConstPayload& outgoing, Rank to,
                                  const Payload& room, Rank from) {
  check_sender(from, tag);
  check_receiver(to);
  if (world_.leaves_at_once(rank_, to, outgoing.bytes))
    return Communicator::do_exchange(tag, outgoing, to, room, from);
  auto& [receive, send] = own_;
  const Tag name = placed(tag);
  receive.begin(this, Pending::What::receive, Pending::For::flow);
  receive.name(from, rank_, name, room.bytes, room.address);
  send.begin(this, Pending::What::send, Pending::For::flow);
  send.name(rank_, to, name, outgoing.bytes, const_cast<std::byte*>(outgoing.address));
  catch_up();
  company_ += 2;
  receive.head = world_.now_;
  world_.post_receive(receive);
  if (world_.has_overheads_) spend_overhead(to, outgoing.bytes);
  send.head = world_.now_;
  world_.post_send(send);
  await(receive);
  if (world_.has_jitter_) world_.slowness_[static_cast<std::size_t>(rank_)].received();
  await(send);
  if (receive.error) std::rethrow_exception(std::exchange(receive.error, nullptr));
  return {.index = 0, .from = receive.from, .bytes = receive.bytes};
}

void Flow::spend_overhead(Rank to, std::size_t bytes) {
  const double overhead = world_.overhead(world_.pair_of(rank_, to).kind, bytes);
  state_.processor_free = std::max(world_.now_, state_.processor_free) + overhead;
  sleep_until(state_.processor_free);
}

void Flow::sleep_until(double time) {
  while (world_.now_ < time && !world_.over_) {
    if (!world_.ready_.first() && !world_.near_ && !world_.first_near_ &&
        (world_.agenda_.empty() || world_.agenda_.next_time() > time)) {
      world_.now_ = time;  // nobody else has anything to do before
      return;
    }
    world_.wake_at(time, *this);
    world_.block(*this);
  }
}

// ---- local work: one kernel of the lane at a time

Request Flow::start(Kernel kernel) {
  check(kernel);
  catch_up();
  LogGPOperation& operation = new_operation(Pending::What::kernel);
  world_.start_kernel(*this, operation, kernel);
  return Request{operation};
}

void Flow::do_compute(Kernel&& kernel) {
  if (goes_ahead() && !world_.shares_cores(rank_)) return compute_ahead(kernel);
  check(kernel);
  catch_up();
  Pending& own = own_[0];
  own.begin(this, Pending::What::kernel, Pending::For::flow);
  ++company_;
  world_.start_kernel(*this, own, kernel);
  await(own);
  if (own.error) std::rethrow_exception(std::exchange(own.error, nullptr));
}

// ---- flows

Request Flow::spawn(Task task) {
  EXPECTS(task, "what is spawned is a function");
  catch_up();
  LogGPOperation& operation = new_operation(Pending::What::flow);
  const Context context = context_.spawned(spawned_++);
  operation.tag = Tag{0}.in(context);
  world_.make_ready(world_.new_flow(rank_, context, std::move(task), &operation));
  return Request{operation};
}

// ---- waiting

std::optional<Completion> Flow::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "there must be something to wait for");
  catch_up();
  while (!set.has_ready()) {
    if (world_.over_) throw Stopped{};
    if (until.count() <= world_.now_) return std::nullopt;
    if (until < forever) world_.wake_at(until.count(), *this);
    awaited_set_ = &set;
    world_.block(*this);
    awaited_set_ = nullptr;
  }
  return set.take_ready();
}

Completion Flow::do_wait(Request& request) {
  EXPECTS(request, "only an active request can be waited for");
  await(static_cast<LogGPOperation&>(*request.operation()));
  return request.take();
}

void Flow::finish(const Pending& pending) {
  while (!pending.is.done && !world_.over_) {
    awaited_ = &pending;
    world_.block(*this);
    awaited_ = nullptr;
  }
}

}  // namespace troupe::sim::loggp
