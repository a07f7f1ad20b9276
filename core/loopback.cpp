#include "core/loopback.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/loopback_world.hpp"

namespace troupe {

namespace loopback {

// ---- operations

LoopbackOperation::LoopbackOperation(Flow& owner) : Operation{&owner.world_.mutex_}, flow{owner} {
  renew(owner.issued_++);
}

void LoopbackOperation::abandon() noexcept {
  World& world = flow.world_;
  std::unique_lock lock{world.mutex_};
  flow.awaited_ = this;
  flow.unwinding_ = std::uncaught_exceptions() > 0;
  while (!is_done() && !forget(!world.deadlock_.empty())) world.block(lock, flow);
  flow.awaited_ = nullptr;
  flow.unwinding_ = false;
}

bool Send::forget(bool is_last_resort) {
  if (!is_last_resort || !unmatched) return false;
  flow.world_.queues_.remove(*unmatched);
  delete std::exchange(unmatched, nullptr);
  return true;
}
bool Receive::forget(bool) {
  if (!is_queued()) return false;
  flow.world_.queues_.remove(*this);
  return true;
}

// ---- Flow

int Flow::size() const { return world_.size(); }
Seconds Flow::now() const { return world_.now(); }

Request Flow::isend(Rank to, Tag tag, ConstPayload payload) {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the communicator");
  EXPECTS(payload.is_phantom() || payload.memory->on_host(), "loopback sends from host memory");
  const bool eager = is_eager(payload.bytes, world_.options_.eager_limit);
  const Tag named = placed(tag);
  auto& send = *new Send{*this};
  Request request{send};
  auto message = std::make_unique<Message>();
  message->facts = {rank_, to, named, payload.bytes};
  message->address = payload.address;

  const std::lock_guard lock{world_.mutex_};
  ++world_.state(rank_).activity.messages;
  world_.state(rank_).activity.bytes += payload.bytes;
  if (world_.state(to).is_lost) {
    world_.fail_as_lost(send, to);
    return request;
  }
  message->sender = &send;
  Message* const queued = message.release();
  if (Receive* receive = world_.queues_.post_message({rank_, to, named}, *queued)) {
    world_.deliver(queued, *receive);
  } else if (eager) {
    if (payload.bytes > 0 && !payload.is_phantom()) {
      queued->copy = std::make_unique_for_overwrite<std::byte[]>(payload.bytes);
      std::memcpy(queued->copy.get(), payload.address, payload.bytes);
      queued->address = queued->copy.get();
    }
    queued->sender = nullptr;
    world_.finish(send, to, payload.bytes);
  } else {
    send.unmatched = queued;
  }
  return request;
}

Request Flow::irecv(Rank from, Tag tag, Payload room) {
  EXPECTS((from == any_rank) == tag.is_open(),
          "an open tag is received from any rank, any other tag from a named one");
  EXPECTS(from == any_rank || (0 <= from && from < size()),
          "a message comes from a rank of the communicator");
  EXPECTS(room.is_phantom() || room.memory->on_host(), "loopback receives into host memory");
  const Tag named = placed(tag);
  auto& receive = *new Receive{*this, from, named, room};
  Request request{receive};

  const std::lock_guard lock{world_.mutex_};
  if (Message* message = world_.queues_.post_receive({from, rank_, named}, receive)) {
    world_.deliver(message, receive);
  } else if (from != any_rank && world_.state(from).is_lost) {
    world_.queues_.remove(receive);
    world_.fail_as_lost(receive, from);
  }
  return request;
}

Request Flow::start(Kernel kernel) {
  check(kernel);
  auto& operation = *new LoopbackOperation{*this};
  Request request{operation};
  std::exception_ptr error;
  {
    const std::lock_guard lock{world_.mutex_};
    world_.account(rank_, &World::RankState::computing, 1);
  }
  try {
    run_on_host(kernel);
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock{world_.mutex_};
  world_.account(rank_, &World::RankState::computing, -1);
  ++world_.state(rank_).activity.kernels;
  world_.state(rank_).activity.flops += work(kernel).flops;
  if (error) world_.fail(operation, rank_, std::move(error));
  else world_.finish(operation, rank_, 0);
  return request;
}

Request Flow::spawn(Task task) {
  EXPECTS(task, "what is spawned is a function");
  const std::uint32_t index = spawned_++;
  bool& lives = child_lives_[index % child_lives_.size()];
  auto spawned = std::make_unique<Spawned>(*this);
  spawned->context = context_.spawned(index);
  auto child = std::make_unique<Flow>(world_, rank_, spawned->context);

  const std::lock_guard lock{world_.mutex_};
  EXPECTS(!lives, "at most 256 flows of one parent live at a time");
  Flow* const flow = child.get();
  spawned->thread = std::thread{[this, &lives, own = std::move(child), work = std::move(task),
                                 operation = spawned.get()]() mutable {
    std::exception_ptr error;
    try {
      const Task once = std::move(work);
      once(*own);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard guard{world_.mutex_};
    lives = false;
    world_.spawned_.erase(operation);
    if (error) world_.fail(*operation, rank_, std::move(error));
    else world_.finish(*operation, rank_, 0);
    world_.flow_ended(*own);
  }};
  lives = true;
  world_.flows_.insert(flow);
  world_.account(rank_, &World::RankState::flows, 1);
  world_.spawned_.insert(spawned.get());
  return Request{*spawned.release()};
}

std::optional<Completion> Flow::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "there is at least one request to wait for");
  // Longer waits than this are cut, because clocks count in integers.
  constexpr Seconds longest{3600.0};
  std::unique_lock lock{world_.mutex_};
  awaited_set_ = &set;
  while (!set.has_ready() && world_.deadlock_.empty()) {
    if (until == forever) {
      world_.block(lock, *this);
    } else {
      const Seconds left = until - now();
      if (left <= Seconds{0}) break;
      world_.account(rank_, &World::RankState::waiting, 1);
      wake_.wait_for(lock, std::min(left, longest));
      world_.account(rank_, &World::RankState::waiting, -1);
    }
  }
  awaited_set_ = nullptr;
  if (set.has_ready()) return set.take_ready();
  if (!world_.deadlock_.empty()) throw Deadlock{world_.deadlock_};
  return {};
}

}  // namespace loopback

RunReport run_loopback(int ranks, const std::function<void(Communicator&)>& program,
                       const LoopbackOptions& options) {
  EXPECTS(ranks > 0, "a run has at least one rank");
  loopback::World world{ranks, options};
  {
    std::vector<std::jthread> threads;
    for (Rank rank = 0; rank < ranks; ++rank)
      threads.emplace_back([&world, &program, rank] {
        std::exception_ptr error;
        try {
          program(world.main_flow(rank));
        } catch (...) {
          error = std::current_exception();
        }
        world.rank_ended(rank, std::move(error));
      });
  }
  return world.result();
}

}  // namespace troupe
