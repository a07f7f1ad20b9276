#include "sim/simgrid/operation.hpp"

#include "core/standstill.hpp"
#include "sim/simgrid/world.hpp"

namespace troupe::sim::simgrid_world {

void SimOperation::renew(Flow& owner, Kind what, std::uint64_t sequence) {
  Operation::renew(sequence);
  flow = &owner;
  kind = what;
  in_use = true;
  eager = false;
  request_over = false;
  transfer_over = true;
  copying = arrived = false;
  error = nullptr;
  partner = nullptr;
}

std::string SimOperation::describe() const {
  switch (kind) {
    case Kind::send: return waits_to_send(to, tag, bytes);
    case Kind::receive: return waits_to_receive(from, tag);
    case Kind::flow: return waits_for_flow(tag.context());
    case Kind::kernel: break;
  }
  return "for a kernel";
}

void SimOperation::abandon() noexcept {
  if (is_done() || world_.is_over() || flow->is_dying()) return;
  if (kind == Kind::receive && world_.forget_receive(*this)) return;
  flow->finish(*this);
}

void SimOperation::retire() noexcept {
  if (kind == Kind::receive && is_done()) world_.slowness(to).received();
  request_over = true;
  recycle_if_over();
}

void SimOperation::recycle_if_over() noexcept {
  if (request_over && transfer_over && !copying) world_.recycle(*this);
}

}  // namespace troupe::sim::simgrid_world
