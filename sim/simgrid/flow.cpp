#include "sim/simgrid/flow.hpp"

#include <cmath>

#include "sim/simgrid/world.hpp"

namespace troupe::sim::simgrid_world {

Flow::Flow(World& world, Rank rank, Context context, Task task, SimOperation* spawned, Stack stack)
    : world_{world},
      rank_{rank},
      fiber_{stack, world.stacks().protection(), &World::run_flow, this},
      context_{context},
      task_{std::move(task)},
      own_request_{spawned} {}

int Flow::size() const { return world_.size(); }
Seconds Flow::now() const { return World::now(); }

void Flow::go_on() {
  while (world_.is_stopping(rank_)) {
    if (world_.is_over() || dying_) throw Stopped{};
    world_.block(*this);  // its host has just failed: until what it had begun is put an end to
  }
}

SimOperation& Flow::new_operation(SimOperation::Kind kind) {
  SimOperation& operation = world_.spare_operation();
  operation.renew(*this, kind, sequence_++);
  ++operations_;
  return operation;
}

// ---- messages

Request Flow::isend(Rank to, Tag tag, ConstPayload payload) {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the communicator");
  go_on();
  SimOperation& send = new_operation(SimOperation::Kind::send);
  send.tag = placed(tag);
  send.from = rank_;
  send.to = to;
  send.bytes = payload.bytes;
  send.source = payload.address;
  send.eager = is_eager(payload.bytes, world_.options().eager_limit);
  world_.post_send(send);
  return Request{send};
}

Request Flow::irecv(Rank from, Tag tag, Payload room) {
  EXPECTS((from == any_rank) == tag.is_open(),
          "any_rank is received from on open tags, and only so");
  EXPECTS(from == any_rank || (0 <= from && from < size()),
          "a message comes from a rank of the communicator");
  go_on();
  SimOperation& receive = new_operation(SimOperation::Kind::receive);
  receive.tag = placed(tag);
  receive.from = from;
  receive.to = rank_;
  receive.bytes = room.bytes;
  receive.target = room.address;
  world_.post_receive(receive);
  return Request{receive};
}

// ---- local work and flows

Request Flow::start(Kernel kernel) {
  check(kernel);
  go_on();
  SimOperation& operation = new_operation(SimOperation::Kind::kernel);
  world_.start_kernel(*this, operation, kernel);
  return Request{operation};
}

Request Flow::spawn(Task task) {
  EXPECTS(task, "what is spawned is a function");
  go_on();
  SimOperation& operation = new_operation(SimOperation::Kind::flow);
  operation.transfer_over = false;
  const Context context = context_.spawned(spawned_++);
  operation.tag = Tag{0}.in(context);
  world_.make_ready(world_.new_flow(rank_, context, std::move(task), &operation));
  return Request{operation};
}

// ---- waiting

std::optional<Completion> Flow::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "there must be something to wait for");
  while (!set.has_ready()) {
    go_on();
    if (until < forever) {
      if (until <= now()) return std::nullopt;
      world_.set_alarm(*this, until);
    }
    awaited_set_ = &set;
    world_.block(*this);
    awaited_set_ = nullptr;
  }
  return set.take_ready();
}

void Flow::finish(const SimOperation& operation) noexcept {
  while (!operation.is_done() && !world_.is_over() && !dying_) {
    awaited_ = &operation;
    world_.block(*this);
    awaited_ = nullptr;
  }
}

}  // namespace troupe::sim::simgrid_world
