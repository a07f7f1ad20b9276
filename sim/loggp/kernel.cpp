// Local work: computed where it has values, charged in any case.

#include <map>

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

void World::find_shared_cores() {
  std::map<std::string, int> ranks_on;
  for (const Seat& seat : seats_) ++ranks_on[seat.host];
  std::map<std::string, SharedCores*> known;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const Seat& seat = seats_[i];
    if (ranks_on[seat.host] <= seat.cores) continue;
    SharedCores*& cores = known[seat.host];
    if (!cores) cores = shared_cores_.emplace_back(std::make_unique<SharedCores>(seat.cores)).get();
    cores_of_rank_.resize(seats_.size());
    cores_of_rank_[i] = cores;
  }
}

Charge World::charge_of(Flow& flow, const Kernel& kernel) const {
  const auto* const reduce = std::get_if<Reduce>(&kernel);
  if (reduce && flow.is_as_the_last(*reduce)) return flow.reduced_.charge;
  const Work done = work(kernel);
  const Processor& processor = seats_[static_cast<std::size_t>(flow.rank_)].processor;
  const Charge charged{charge(options_.compute, processor, kernel, done).count(), done.flops.value};
  if (reduce) flow.reduced_ = {reduce->into.size(), reduce->into.dtype(), charged};
  return charged;
}

/// Returns how long it takes.
double World::count_kernel(Flow& flow, const Charge& charged) noexcept {
  ++flow.state_.kernels;
  flow.state_.flops += charged.flops;
  if (has_jitter_ && charged.duration > 0) [[unlikely]]
    return charged.duration * slowness_[static_cast<std::size_t>(flow.rank_)].factor();
  return charged.duration;
}

/// Computes and counts it. Returns how long it takes.
double World::run_kernel(Flow& flow, const Kernel& kernel, std::exception_ptr& error) {
  const Charge charged = charge_of(flow, kernel);
  if (!is_phantom(kernel) && !over_)
    outside_.run(flow.fiber_, own_, [&] {
      try {
        run_on_host(kernel);
      } catch (...) {
        error = std::current_exception();
      }
    });
  return count_kernel(flow, charged);
}

void World::start_kernel(Flow& flow, Pending& pending, const Kernel& kernel) {
  const double duration = run_kernel(flow, kernel, pending.error);
  const auto index = static_cast<std::size_t>(flow.rank_);
  if (flow.kernels_++ == 0 && duration == 0) return end_kernel(pending);
  pending.kind = Event::Kind::kernel;
  if (shares_cores(flow.rank_)) {
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
  plan(cores);
  flow.first_kernel_ = kernel.other;
  if (flow.first_kernel_) begin_shared_kernel(flow);
  end_kernel(kernel);
}

}  // namespace troupe::sim::loggp
