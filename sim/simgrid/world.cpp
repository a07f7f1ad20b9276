#include "sim/simgrid/world.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include <simgrid/kernel/Timer.hpp>

#include "core/text.hpp"
#include "platforms/simgrid/compat.hpp"

namespace troupe::sim::simgrid_world {

using ::simgrid::kernel::timer::Timer;

World::World(const Ranks& ranks, Options options)
    : host_of_rank_{ranks.hosts},
      processors_{ranks.processors},
      options_{std::move(options)},
      accounting_{host_of_rank_},
      transfers_{std::max<std::size_t>(4096, 16 * host_of_rank_.size()),
                 [this](Transfer& transfer) {
                   ended_.push_back(&transfer);
                   await_turn();
                 }},
      lost_(host_of_rank_.size(), false),
      stacks_{host_of_rank_.size(), options_.stack} {
  std::unordered_map<s4u::Host*, int> ranks_on;
  std::unordered_map<std::string, s4u::Host*> known;  // by the name that hosts share one under
  for (s4u::Host* host : host_of_rank_) {
    if (const char* shared = host->get_property("processor"))
      host = known.try_emplace(shared, host).first->second;
    cores_of_rank_.push_back(host);
    ++ranks_on[host];
  }
  for (Rank rank = 0; rank < size(); ++rank) {
    s4u::Host& here = host(rank);
    slowness_.emplace_back(options_.jitter, rank);
    simgrid_computes_.push_back(ranks.speeds_change ||
                                ranks_on[&cores(rank)] > cores(rank).get_core_count());
    std::vector<s4u::Link*> links;
    double latency = 0;
    here.route_to(&here, links, &latency);
    has_loopback_.push_back(!links.empty() || latency > 0);
  }
  if (ranks.connections)
    connections_.emplace(*ranks.connections, [this](SimOperation& send) {
      return over_ ? nullptr : start_transfer(send);
    });
}
World::~World() = default;

void World::run(s4u::Engine& engine, const std::function<void(Communicator&)>& program) {
  watch_failures();
  if (std::ranges::find(simgrid_computes_, true) != simgrid_computes_.end())
    platforms::compat::on_end<s4u::Exec>([this](const s4u::Exec& exec) {
      if (auto* const flow = exec.get_data<Flow>(); flow && flow->exec_.get() == &exec)
        Timer::set(now().count(), [this, flow] { end_kernel(*flow); });
    });
  flows_.reserve(host_of_rank_.size());
  for (Rank rank = 0; rank < size(); ++rank)
    make_ready(new_flow(
        rank, Context{}, [&program](Communicator& comm) { program(comm); }, nullptr));
  engine.run();
  std::string deadlock;
  if (!over_ && std::ranges::any_of(flows_, [](const auto& flow) { return !flow->has_ended_; }))
    deadlock = to_text(standstill()) + "\n(at " + to_text(now()) + " of simulated time)";
  over_ = true;
  stop_all_flows();
  failures_.rethrow(deadlock);
}

SimulationResult World::result() const {
  SimulationResult result = accounting_.result();
  result.unmatched = unmatched();
  return result;
}

// ---- turns

/// Sees to it that a turn follows at this moment.
void World::await_turn() {
  if (!std::exchange(turn_is_due_, true)) Timer::set(now().count(), [this] { take_turn(); });
}

void World::take_turn() {
  if (over_) return;
  for (std::size_t i = 0; i < ended_.size(); ++i) end_transfer(*ended_[i]);
  ended_.clear();
  while (ready_.first() || !inside_.empty()) {
    while (ready_.first()) {
      Flow& flow = ready_.pop();
      flow.is_ready_ = false;
      resume(flow);
      if (over_) return;
    }
    for (SimOperation* const send : std::exchange(inside_, {})) arrive(*send);
  }
  for (SimOperation* const send : to_start_) set_out(*send);
  to_start_.clear();
  turn_is_due_ = false;
  if (ready_.first()) await_turn();
}

void World::resume(Flow& flow) {
  running_ = &flow;
  do Fiber::switch_to(own_, flow.fiber_);
  while (outside_.is_done());
  if (!flow.fiber_.is_intact()) [[unlikely]]
    report_overflow(flow.fiber());
  running_ = nullptr;
}

void World::make_ready(Flow& flow) {
  if (std::exchange(flow.is_ready_, true)) return;
  ready_.push(flow);
  await_turn();
}

void World::wake(Flow& flow) {
  if (flow.alarm_) std::exchange(flow.alarm_, nullptr)->remove();
  flow.awaited_set_ = nullptr;
  flow.awaited_ = nullptr;
  make_ready(flow);
}

void World::set_alarm(Flow& flow, Seconds at) {
  flow.alarm_ = Timer::set(at.count(), [this, &flow] {
    flow.alarm_ = nullptr;
    if (!over_) wake(flow);
  });
}

// ---- flows

Flow& World::new_flow(Rank rank, Context context, Task task, SimOperation* spawned) {
  if (spare_flows_.empty())
    return *flows_.emplace_back(
        std::make_unique<Flow>(*this, rank, context, std::move(task), spawned, stacks_.take()));
  Flow* const flow = spare_flows_.back();
  spare_flows_.pop_back();
  std::destroy_at(flow);
  return *std::construct_at(flow, *this, rank, context, std::move(task), spawned, stacks_.take());
}

void World::run_flow(void* argument) {
  Flow& flow = *static_cast<Flow*>(argument);
  World& world = flow.world_;
  flow.has_begun_ = true;
  std::exception_ptr error;
  try {
    const Task task = std::move(flow.task_);
    if (!flow.dying_) task(flow);
  } catch (const Stopped&) {  // its host or the run has failed
  } catch (...) {
    error = std::current_exception();
  }
  world.end_flow(flow, std::move(error));
}

void World::end_flow(Flow& flow, std::exception_ptr error) {
  flow.has_ended_ = true;
  if (flow.operations_ > 0)
    for (SimOperation& operation : operations_)
      if (operation.flow == &flow) operation.flow = nullptr;
  if (SimOperation* const spawned = flow.own_request_) {
    if (!over_) {
      spawned->transfer_over = true;
      if (error) spawned->fail(flow.rank_, std::move(error), now());
      else spawned->complete(flow.rank_, 0, now());
      notify(*spawned);
    }
    spare_flows_.push_back(&flow);
    stacks_.give_back(flow.fiber_.stack());
  } else if (!flow.dying_) {
    accounting_.ended(flow.rank_, now());
    if (error && !over_) {
      failures_.add(flow.rank_, std::move(error));
      over_ = true;
    }
  }
  error = nullptr;
  flow.fiber_.declare_ended();
  Fiber::switch_to(flow.fiber_, own_);
}

/// Lets every flow that has begun leave its program.
void World::stop_all_flows() {
  for (std::size_t i = 0; i < flows_.size(); ++i)  // none is made meanwhile
    if (Flow& flow = *flows_[i]; flow.has_begun_ && !flow.has_ended_) resume(flow);
}

// ---- operations

SimOperation& World::spare_operation() {
  if (spare_operations_.empty()) return operations_.emplace_back(*this);
  SimOperation& operation = *spare_operations_.back();
  spare_operations_.pop_back();
  return operation;
}

void World::recycle(SimOperation& operation) noexcept {
  if (over_) return;  // it may still be linked somewhere
  operation.in_use = false;
  if (operation.flow) --operation.flow->operations_;
  operation.flow = nullptr;
  spare_operations_.push_back(&operation);
}

// ---- failures

/// Hosts and links are turned off in the middle of SimGrid's events: what follows from it waits for
/// a moment between them.
void World::watch_failures() {
  const auto look_at = [this](const s4u::Host& host) {
    if (host.is_on()) return;
    for (Rank rank = 0; rank < size(); ++rank)
      if (host_of_rank_[index(rank)] == &host && !is_lost(rank)) {
        lost_[index(rank)] = true;
        Timer::set(now().count(), [this, rank] {
          if (!over_) lose(rank);
        });
      }
  };
  platforms::compat::on_turned_on_or_off<s4u::Host>(look_at);
  for (const s4u::Host* host : s4u::Engine::get_instance()->get_all_hosts()) look_at(*host);
  platforms::compat::on_turned_on_or_off<s4u::Link>(
      [this](const s4u::Link& link) { some_link_is_down_ |= !link.is_on(); });
  for (const s4u::Link* link : s4u::Engine::get_instance()->get_all_links())
    some_link_is_down_ |= !link->is_on();
}

}  // namespace troupe::sim::simgrid_world
