#include "sim/simgrid/flow.hpp"

#include <cmath>

#include "platforms/simgrid/compat.hpp"

namespace troupe::sim::simgrid_world {

Flow::Flow(World& world, Rank rank, Context context)
    : world_{world}, rank_{rank}, context_{context}, wake_{s4u::Semaphore::create(0)} {
  world_.enlist(*this);
}
Flow::~Flow() {
  if (timer_) timer_->remove();
  if (dying_)
    wake_.detach();  // killed within acquire(): SimGrid aborts if a semaphore goes meanwhile
  world_.strike_off(*this);
}

// ---- messages

Request Flow::isend(Rank to, Tag tag, ConstPayload payload) {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the communicator");
  SimOperation& send = world_.new_operation(*this, SimOperation::Kind::send);
  send.tag = placed(tag);
  send.from = rank_;
  send.to = to;
  send.bytes = payload.bytes;
  send.source = payload.address;
  send.eager = is_eager(payload.bytes, world_.options().eager_limit);
  guarded([&] { world_.post_send(send); });
  return Request{send};
}

Request Flow::irecv(Rank from, Tag tag, Payload room) {
  EXPECTS((from == any_rank) == tag.is_open(),
          "any_rank is received from on open tags, and only so");
  EXPECTS(from == any_rank || (0 <= from && from < size()),
          "a message comes from a rank of the communicator");
  SimOperation& receive = world_.new_operation(*this, SimOperation::Kind::receive);
  receive.tag = placed(tag);
  receive.from = from;
  receive.to = rank_;
  receive.bytes = room.bytes;
  receive.target = room.address;
  guarded([&] { world_.post_receive(receive); });
  return Request{receive};
}

// ---- local work: one kernel of the lane at a time, each by a timer

Request Flow::start(Kernel kernel) {
  check(kernel);
  SimOperation& operation = world_.new_operation(*this, SimOperation::Kind::kernel);
  const Flops flops = work(kernel).flops;
  operation.duration = charge(world_.options().compute, world_.processor(rank_), kernel);
  if (operation.duration.count() > 0) operation.duration *= world_.slowness(rank_).factor();
  operation.flops = flops;
  try {
    run_on_host(kernel);
  } catch (...) {
    operation.error = std::current_exception();
  }
  if (operation.duration.count() == 0 && lane_.empty()) {
    world_.accounting().kernel_elided(rank_, flops);
    operation.complete_kernel(rank_, now());
    return Request{operation};
  }
  operation.transfer_over = false;
  lane_.push_back(&operation);
  if (lane_.size() == 1) begin_kernel();
  return Request{operation};
}

void Flow::begin_kernel() {
  SimOperation& operation = *lane_.front();
  world_.accounting().kernel_started(rank_, operation.flops, now());
  if (world_.shares_cores(rank_)) {  // SimGrid divides the cores among those that compute
    s4u::Host* host = world_.host(rank_);
    platforms::compat::add_actor("kernel", host,
                                 [this, host, seconds = operation.duration.count()] {
                                   s4u::this_actor::execute(seconds * host->get_speed());
                                   kernel_done();
                                 });
    return;
  }
  timer_ = ::simgrid::kernel::timer::Timer::set((now() + operation.duration).count(), [this] {
    timer_ = nullptr;
    kernel_done();
  });
}

void Flow::kernel_done() {
  SimOperation& operation = *lane_.front();
  lane_.pop_front();
  world_.accounting().kernel_finished(rank_, now());
  if (!lane_.empty()) begin_kernel();
  operation.transfer_over = true;
  operation.complete_kernel(rank_, now());
  completed(operation);
}

// ---- flows

Request Flow::spawn(Task task) {
  SimOperation& operation = world_.new_operation(*this, SimOperation::Kind::flow);
  operation.transfer_over = false;
  const Context context = context_.spawned(spawned_++);
  operation.tag = Tag{0}.in(context);
  guarded([&] {
    platforms::compat::add_actor(
        "rank" + std::to_string(rank_), world_.host(rank_),
        [&world = world_, rank = rank_, context, task = std::move(task), &operation] {
          std::exception_ptr error;
          {
            Flow flow{world, rank, context};
            try {
              task(flow);
            } catch (const ::simgrid::ForcefulKillException&) {
              throw;
            } catch (...) {
              error = std::current_exception();
            }
          }
          operation.transfer_over = true;
          if (error) operation.fail(rank, error, World::now());
          else operation.complete(rank, 0, World::now());
          if (operation.flow) operation.flow->completed(operation);
        });
  });
  return Request{operation};
}

// ---- waiting

std::optional<Completion> Flow::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "there must be something to wait for");
  while (!set.has_ready()) {
    if (set.size() == 1 && std::isinf(until.count()) && wait_directly(*set.only())) continue;
    blocked_set_ = &set;
    const bool expired = !block(until);
    blocked_set_ = nullptr;
    if (expired && !set.has_ready()) return std::nullopt;
  }
  return set.take_ready();
}

/// Waits for a message in SimGrid itself, which saves waiting for it again to be rid of it.
bool Flow::wait_directly(Operation& only) {
  auto& operation = static_cast<SimOperation&>(only);
  if (!operation.comm || operation.eager) return false;
  const s4u::CommPtr comm = operation.comm;
  blocked_operation_ = &operation;
  blocked_directly_ = true;
  try {
    guarded([&] { comm->wait(); });
  } catch (const ::simgrid::Exception&) {  // it failed: told through fail()
  }
  operation.comm = nullptr;
  blocked_operation_ = nullptr;
  blocked_directly_ = false;
  return true;
}

void Flow::finish(const SimOperation& operation) {
  while (!operation.is_done()) {
    blocked_operation_ = &operation;
    block(forever);
    blocked_operation_ = nullptr;
  }
}

bool Flow::block(Seconds until) {
  if (std::isinf(until.count())) {
    guarded([this] { wake_->acquire(); });
    return true;
  }
  const double left = (until - now()).count();
  if (left <= 0) return false;
  const bool expired = guarded([&] { return wake_->acquire_timeout(left); });
  return !expired;
}

void Flow::completed(const SimOperation& operation) {
  if (blocked_directly_ || !waits_for(operation)) return;
  blocked_set_ = nullptr;
  blocked_operation_ = nullptr;
  wake_->release();
}

}  // namespace troupe::sim::simgrid_world
