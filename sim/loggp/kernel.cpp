// Local work: computed where it has values, charged in any case.

#include <map>

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

void World::find_shared_cores() {
  std::map<std::string, int> ranks_on;
  for (const Seat& seat : seats_) ++ranks_on[seat.computes_on()];
  std::map<std::string, SharedCores*> known;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const Seat& seat = seats_[i];
    if (ranks_on[seat.computes_on()] <= seat.cores) continue;
    SharedCores*& cores = known[seat.computes_on()];
    if (!cores)
      cores =
          shared_cores_.emplace_back(std::make_unique<SharedCores>(seat.cores, seat.sharing)).get();
    cores_of_rank_.resize(seats_.size());
    cores_of_rank_[i] = cores;
  }
}

Charge World::charge_of(Flow& flow, const Kernel& kernel) const {
  const auto* const reduce = std::get_if<Reduce>(&kernel);
  if (reduce && flow.is_as_the_last(*reduce)) return flow.reduced_.charge;
  const Work done = work(kernel);
  const Processor& processor = seats_[static_cast<std::size_t>(flow.rank_)].processor;
  const KernelCost all = cost(options_.compute, processor, kernel, done);
  const Charge charged{all.launching.count(), all.running.count(), done.flops.value, all.waits};
  if (reduce) flow.reduced_ = {reduce->into.size(), reduce->into.dtype(), charged};
  return charged;
}

/// Returns how long it runs.
double World::count_kernel(Flow& flow, const Charge& charged) noexcept {
  ++flow.state_.kernels;
  flow.state_.flops += charged.flops;
  if (has_jitter_ && charged.running > 0) [[unlikely]]
    return charged.running * slowness_[static_cast<std::size_t>(flow.rank_)].factor();
  return charged.running;
}

/// Counts it. Returns how long it takes, with what is left of its launch.
double World::spend_kernel(Flow& flow, const Charge& charged) noexcept {
  const double running = count_kernel(flow, charged);
  if (charged.launching == 0) [[likely]]
    return running;
  if (charged.waits) flow.launching_.wait();
  const double begin = std::max(flow.time(), flow.lane_free_);
  const double duration = flow.launching_.rest(begin, charged.launching) + running;
  flow.launching_.ran(begin + duration, running);
  return duration;
}

/// Computes it where it has values. Returns what it costs.
Charge World::run_kernel(Flow& flow, const Kernel& kernel, std::exception_ptr& error) {
  const Charge charged = charge_of(flow, kernel);
  if (!is_phantom(kernel) && !over_)
    outside_.run(flow.fiber_, own_, [&] {
      try {
        run_on_host(kernel);
      } catch (...) {
        error = std::current_exception();
      }
    });
  return charged;
}

void World::start_kernel(Flow& flow, Pending& pending, const Kernel& kernel) {
  const Charge charged = run_kernel(flow, kernel, pending.error);
  const auto index = static_cast<std::size_t>(flow.rank_);
  const bool shared = shares_cores(flow.rank_);
  if (shared && charged.launching > 0) {  // nobody shares that
    if (charged.waits) flow.launching_.wait();
    flow.sleep_until(now_ + flow.launching_.rest(now_, charged.launching));
  }
  const double duration = shared ? count_kernel(flow, charged) : spend_kernel(flow, charged);
  if (flow.kernels_++ == 0 && duration == 0) return end_kernel(pending);
  pending.kind = Event::Kind::kernel;
  if (shared) {
    pending.end = duration;
    pending.other = nullptr;
    (flow.first_kernel_ ? flow.last_kernel_->other : flow.first_kernel_) = &pending;
    flow.last_kernel_ = &pending;
    if (flow.kernels_ == 1) begin_shared_kernel(flow);
    return;
  }
  flow.lane_free_ = std::max(now_, flow.lane_free_) + duration;
  ranks_[index].computes(now_, flow.lane_free_);
  agenda_.add(flow.lane_free_, pending);
}

void World::end_kernel(Pending& kernel) {
  Flow& flow = *kernel.flow;
  --flow.kernels_;
  if (kernel.error) fail(kernel, flow.rank_, std::exchange(kernel.error, nullptr));
  else complete(kernel, flow.rank_, 0);
}

// ---- where ranks share cores

/// Starts the first kernel of a flow's lane.
void World::begin_shared_kernel(Flow& flow) {
  SharedCores& cores = *cores_of_rank_[static_cast<std::size_t>(flow.rank_)];
  flow.first_kernel_->head = now_;
  cores.begin(*flow.first_kernel_, flow.first_kernel_->end, now_);
  plan(cores);
}

void World::plan(SharedCores& cores) {
  const auto rank_of = [this](const Pending* kernel) -> RankState& {
    return ranks_[static_cast<std::size_t>(kernel->flow->rank_)];
  };
  for (const Pending* kernel : cores.running()) rank_of(kernel).stops_computing(now_);
  for (const Pending* kernel : cores.running())
    rank_of(kernel).computes(now_, cores.end_of(*kernel));
  if (!cores.is_idle()) set_timer(cores.next_end(), {.cores = &cores, .count = cores.plan()});
}

void World::shared_kernel_ends(SharedCores& cores) {
  Pending& kernel = cores.end(now_);
  Flow& flow = *kernel.flow;
  ranks_[static_cast<std::size_t>(flow.rank_)].stops_computing(now_);
  flow.launching_.ran(now_, now_ - kernel.head);
  plan(cores);
  flow.first_kernel_ = kernel.other;
  if (flow.first_kernel_) begin_shared_kernel(flow);
  end_kernel(kernel);
}

}  // namespace troupe::sim::loggp
