#include "sim/loggp/operation.hpp"

#include "core/standstill.hpp"
#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

std::string LogGPOperation::describe() const {
  switch (what) {
    case What::send: return waits_to_send(to, tag, bytes);
    case What::receive: return waits_to_receive(from, tag);
    case What::flow: return waits_for_flow(tag.context());
    case What::kernel: break;
  }
  return "for a kernel";
}

void LogGPOperation::abandon() noexcept {
  if (is_done() || world->is_over()) return;
  if (what == What::receive && is.queued) return world->channels_.remove(*this);
  flow->finish(*this);
}

void LogGPOperation::retire() noexcept {
  if (what == What::receive && is_done() && world->has_jitter_)
    world->slowness_[static_cast<std::size_t>(to)].received();
  is.request_over = true;
  flow = nullptr;
  recycle_if_over();
}

void LogGPOperation::recycle_if_over() noexcept {
  if (is.request_over && is.transfer_over) world->recycle(*this);
}

}  // namespace troupe::sim::loggp
