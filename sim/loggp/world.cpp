#include "sim/loggp/world.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::sim::loggp {

namespace {

/// As much of a stack and of a flow as it will look at first when it goes on.
constexpr std::size_t hot_stack = 768, hot_flow = 448;

/// Brings memory that will be used in a moment into the cache; any address will do.
void fetch(const void* address, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i += 64)
    __builtin_prefetch(static_cast<const std::byte*>(address) + i);
}

}  // namespace

World::World(const Network& network, const std::vector<Seat>& seats, const Options& options,
             const std::vector<Overheads>& overheads)
    : network_{network},
      seats_{seats},
      size_{static_cast<int>(seats.size())},
      options_{options},
      overheads_{overheads},
      has_overheads_{std::ranges::any_of(
          overheads,
          [](const Overheads& of) { return of.each.count() > 0 || of.per_byte.count() > 0; })},
      has_eager_{options.eager_limit.value > 0 ||
                 std::ranges::any_of(overheads,
                                     [](const Overheads& of) {
                                       return of.eager_limit.value_or(Bytes{}).value > 0;
                                     })},
      has_jitter_{options.jitter.kind != Jitter::Kind::none},
      scales_by_size_{network.scales_by_size()},
      runs_ahead_{!has_overheads_ && !has_eager_},
      ranks_(seats.size()),
      counters_{static_cast<int>(seats.size()), network.ports()},
      stacks_{seats.size(), options.stack},
      own_flows_{seats.size()} {
  for (const Port& port : network.ports())
    ports_.emplace_back().per_byte = port.bandwidth.value > 0 ? 1 / port.bandwidth.value : 0;
  if (has_jitter_)
    for (Rank rank = 0; rank < size(); ++rank) slowness_.emplace_back(options_.jitter, rank);
  find_shared_cores();
  neighbours_.resize(seats.size() / Neighbours::ranks + 1);
}
World::~World() = default;

void World::run(const std::function<void(Communicator&)>& program) {
  flows_.reserve(seats_.size());
  for (Rank rank = 0; rank < size(); ++rank) {
    Flow& flow = new_flow(
        rank, Context{}, [&program](Communicator& comm) { program(comm); }, nullptr);
    flow.near_ = &neighbours_[static_cast<std::size_t>(rank) / Neighbours::ranks];
    go_on_ahead(flow);
  }
  next_look_ = neighbours_.size();
  while (Flow* flow = next_flow()) {
    do {
      running_ = flow;
      Fiber::switch_to(own_, flow->fiber_);
      flow = running_;
    } while (outside_.is_done());
    if (over_) break;
  }
  const Seconds end{latest()};
  std::string deadlock;
  if (alive_ > 0 && !over_ && std::isfinite(end.count()))
    deadlock = to_text(standstill()) + "\n(at " + to_text(end) + " of simulated time)";
  over_ = true;
  stop_all_flows();
  failures_.rethrow(deadlock);
  if (!std::isfinite(end.count()))  // nothing of the agenda can follow
    throw BackendError{
        "simulated time has gone beyond 1.8e308 s, the most that can be counted: has a latency or "
        "an overhead lost its unit, or is a bandwidth close to zero?"};
}

/// Lets every flow that has begun leave its program.
void World::stop_all_flows() {
  for (std::size_t i = 0; i < flows_.size(); ++i) {  // none is made meanwhile
    Flow& flow = *flows_[i];
    if (!flow.has_begun_ || flow.has_ended_) continue;
    running_ = &flow;
    Fiber::switch_to(own_, flow.fiber_);
  }
}

// ---- operations and timers

void World::make_operations() {
  operations_.push_back(std::make_unique<LogGPOperation[]>(slab_size));
  for (std::size_t i = slab_size; i-- > 0;) {
    LogGPOperation& fresh = operations_.back()[i];
    fresh.world = this;
    fresh.other = std::exchange(spare_operations_, &fresh);
  }
}
void World::set_timer(double time, const Due& due) {
  if (spare_timers_.empty()) {
    timers_.push_back(std::make_unique<Timer>());
    spare_timers_.push_back(timers_.back().get());
  }
  Timer& timer = *spare_timers_.back();
  spare_timers_.pop_back();
  timer.kind = Event::Kind::timer;
  timer.due = due;
  agenda_.add(time, timer);
}

// ---- completions

void World::fail(Pending& pending, Rank peer, std::exception_ptr error) {
  pending.is.done = true;
  if (pending.is.is_for == Pending::For::request)
    static_cast<LogGPOperation&>(pending).Operation::fail(peer, std::move(error), Seconds{now_});
  else pending.error = std::move(error);
  if (pending.is.is_for == Pending::For::ahead) return complete_ahead(pending, now_);
  Flow& flow = *pending.flow;
  --flow.company_;
  if (flow.waits_for(pending)) wake(flow);
}

// ---- time

/// Brings what a flow that will go on looks at first into the cache.
void World::fetch_flow(const Flow& flow) const noexcept {
  fetch(flow.fiber_.position(), hot_stack);
  fetch(&ranks_[static_cast<std::size_t>(flow.rank_)], sizeof(RankState));
  if (flow.next_ready_) fetch(flow.next_ready_, hot_flow);
}

/// When no flow can go on: lets all happen that is due next, until one can. nullptr: none ever
/// will.
Flow* World::begin_moment() {
  while (!ready_.first() && !first_near_) {
    if (agenda_.empty()) return nullptr;
    const double time = agenda_.next_time();
    for (Event* event = agenda_.take(); event;) {
      Event* const following = event->next;
      if (following) {
        fetch(following->next, sizeof(Pending));
        if (following->kind == Event::Kind::arrival)
          fetch(static_cast<Pending*>(following)->other, 128);
      }
      if (event->kind == Event::Kind::arrival) {
        now_ = time;
        arrive(static_cast<Pending&>(*event));
      } else {
        if (event->kind != Event::Kind::timer || !is_obsolete(*event)) now_ = time;
        happen(*event);
      }
      event = following;
    }
  }
  return next_flow();
}

bool World::is_obsolete(const Event& event) noexcept {
  const Due& due = static_cast<const Timer&>(event).due;
  return (due.flow && due.flow->pauses_ != due.count) ||
         (due.cores && due.cores->plan() != due.count);
}

void World::happen(Event& event) {
  switch (event.kind) {
    case Event::Kind::departure: return begin_transfer(static_cast<Pending&>(event));
    case Event::Kind::arrival: return arrive(static_cast<Pending&>(event));
    case Event::Kind::kernel: return end_kernel(static_cast<Pending&>(event));
    case Event::Kind::received: {
      auto& receive = static_cast<Pending&>(event);
      return complete(receive, receive.from, receive.bytes);
    }
    case Event::Kind::timer: return timer_rings(static_cast<Timer&>(event));
  }
}

void World::timer_rings(Timer& timer) {
  const bool is_obsolete_now = is_obsolete(timer);
  const Due due = timer.due;
  spare_timers_.push_back(&timer);
  if (is_obsolete_now) return;
  if (due.flow) wake(*due.flow);
  if (due.sent) complete(*due.sent, due.sent->to, due.sent->bytes);
  if (due.cores) shared_kernel_ends(*due.cores);
}

// ---- flows

Flow& World::new_flow(Rank rank, Context context, Task task, LogGPOperation* spawned) {
  ++alive_;
  if (spawned) ++flow_of(rank).company_;
  if (!spawned) {
    Flow& flow = own_flows_.add(*this, rank, context, std::move(task), spawned, stacks_.take());
    return *flows_.emplace_back(&flow);
  }
  if (spare_flows_.empty()) {
    spawned_flows_.push_back(
        std::make_unique<Flow>(*this, rank, context, std::move(task), spawned, stacks_.take()));
    return *flows_.emplace_back(spawned_flows_.back().get());
  }
  Flow* const flow = spare_flows_.back();
  spare_flows_.pop_back();
  const std::uint64_t pauses = flow->pauses_;  // timers of the old flow may still be set
  std::destroy_at(flow);
  std::construct_at(flow, *this, rank, context, std::move(task), spawned, stacks_.take());
  flow->pauses_ = pauses + 1;
  return *flow;
}

/// What every fiber runs.
void World::run_flow(void* argument) {
  Flow& flow = *static_cast<Flow*>(argument);
  World& world = flow.world_;
  flow.has_begun_ = true;
  std::exception_ptr error;
  try {
    const Task task = std::move(flow.task_);
    task(flow);
  } catch (const Stopped&) {  // the run has failed elsewhere
  } catch (...) {
    error = std::current_exception();
  }
  world.end_flow(flow, std::move(error));
}

void World::end_flow(Flow& flow, std::exception_ptr error) {
  flow.has_ended_ = true;
  --alive_;
  if (LogGPOperation* const spawned = flow.own_request_) {
    --flow_of(flow.rank_).company_;
    if (!over_) {
      if (error) fail(*spawned, flow.rank_, std::move(error));
      else complete(*spawned, flow.rank_, 0);
    }
    spare_flows_.push_back(&flow);
    stacks_.give_back(flow.fiber_.stack());
  } else {
    ranks_[static_cast<std::size_t>(flow.rank_)].ends(flow.time());
    if (error && !over_) {
      failures_.add(flow.rank_, std::move(error));
      over_ = true;
    }
  }
  error = nullptr;
  Flow* const next = over_ ? nullptr : next_flow();  // may still switch away and come back
  flow.fiber_.declare_ended();
  switch_to(flow, next);
}

void World::block(Flow& flow) {
  Flow* const next = next_flow();
  if (next != &flow) switch_to(flow, next);
}

}  // namespace troupe::sim::loggp
