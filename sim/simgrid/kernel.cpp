// Local work: computed where it has values, charged in any case; one kernel of a lane at a time.

#include <simgrid/kernel/Timer.hpp>

#include "sim/simgrid/world.hpp"

namespace troupe::sim::simgrid_world {

void World::start_kernel(Flow& flow, SimOperation& operation, const Kernel& kernel) {
  const Rank rank = flow.rank_;
  const Work done = work(kernel);
  operation.flops = done.flops;
  const KernelCost all = cost(options_.compute, processor(rank), kernel, done);
  operation.launching = all.launching;
  operation.duration = all.running;
  operation.waits = all.waits;
  if (operation.duration.count() > 0) operation.duration *= slowness(rank).factor();
  if (!is_phantom(kernel))
    outside_.run(running_->fiber_, own_, [&] {
      try {
        run_on_host(kernel);
      } catch (...) {
        operation.error = std::current_exception();
      }
    });
  if (operation.duration + operation.launching == Seconds{} && flow.lane_.empty()) {
    accounting_.kernel_elided(rank, operation.flops);
    return operation.complete_kernel(rank, now());
  }
  operation.transfer_over = false;
  flow.lane_.push_back(&operation);
  if (flow.lane_.size() == 1) begin_kernel(flow);
}

void World::begin_kernel(Flow& flow) {
  using ::simgrid::kernel::timer::Timer;
  const SimOperation& operation = *flow.lane_.front();
  accounting_.kernel_started(flow.rank_, operation.flops, now());
  const bool in_simgrid = simgrid_computes_[index(flow.rank_)] && operation.duration.count() > 0;
  if (operation.waits) flow.launching_.wait();
  if (operation.launching.count() > 0)
    flow.runs_since_ =
        now() + Seconds{flow.launching_.rest(now().count(), operation.launching.count())};
  else flow.runs_since_ = now();
  if (in_simgrid && flow.runs_since_ <= now()) return run_in_simgrid(flow);
  const Seconds end = in_simgrid ? flow.runs_since_ : flow.runs_since_ + operation.duration;
  flow.kernel_ = Timer::set(end.count(), [this, &flow, in_simgrid] {
    flow.kernel_ = nullptr;
    if (!in_simgrid) end_kernel(flow);
    else if (!over_ && !flow.dying_) run_in_simgrid(flow);
  });
}

/// SimGrid divides the cores among those that compute, and knows what their speed is when.
void World::run_in_simgrid(Flow& flow) {
  s4u::Host& host = cores(flow.rank_);
  flow.exec_ = s4u::Exec::init();
  flow.exec_->set_data(&flow);
  flow.exec_->set_flops_amount(flow.lane_.front()->duration.count() * host.get_speed());
  flow.exec_->set_host(&host);
  if (flow.exec_->get_state() != s4u::Activity::State::STARTED) flow.exec_->start();
}

void World::end_kernel(Flow& flow) {
  if (over_ || flow.dying_ || is_lost(flow.rank_)) return;
  SimOperation& operation = *flow.lane_.front();
  flow.lane_.pop_front();
  accounting_.kernel_finished(flow.rank_, now());
  flow.launching_.ran(now().count(), (now() - flow.runs_since_).count());
  if (!flow.lane_.empty()) begin_kernel(flow);
  operation.transfer_over = true;
  operation.complete_kernel(flow.rank_, now());
  notify(operation);
}

}  // namespace troupe::sim::simgrid_world
