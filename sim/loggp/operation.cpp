#include "sim/loggp/operation.hpp"

#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

void LogGPOperation::abandon() noexcept {
  if (is.done || world->is_over()) return;
  if (what == What::receive && is.queued) {
    --flow->company_;
    return world->channels_.remove(*this);
  }
  flow->finish(*this);
}

void LogGPOperation::retire() noexcept {
  if (world->has_jitter_ && what == What::receive && is.done)
    world->slowness_[static_cast<std::size_t>(to)].received();
  request_over = true;
  flow = nullptr;
  recycle_if_over();
}

void LogGPOperation::recycle_if_over() noexcept {
  if (request_over && transfer_over) world->recycle(*this);
}

}  // namespace troupe::sim::loggp
