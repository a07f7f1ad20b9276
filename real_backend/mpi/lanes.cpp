#include "real_backend/mpi/lanes.hpp"

#include <algorithm>
#include <utility>

namespace troupe::mpi {

void DeviceKernel::finish(Rank rank, Seconds at) {
  end_ = {};
  if (error_) fail(rank, std::exchange(error_, nullptr), at);
  else complete(rank, 0, at);
}
void DeviceKernel::abandon() noexcept {
  if (!is_done()) waiter_.wait_until_done(*this);
}

Lane::Lane(Accelerator& accelerator, bool of_flow)
    : accelerator_{accelerator}, lane_{accelerator.make_lane(of_flow)} {}

void Lane::launch(const Kernel& kernel, DeviceKernel& operation) noexcept {
  ++given_;
  try {
    lane_->launch(kernel);
  } catch (...) {
    operation.error_ = std::current_exception();
  }
}

void Lane::watch(DeviceKernel& operation) {
  operation.end_ = mark();
  watched_.push_back(&operation);
}
DeviceKernel* Lane::take_ended() {
  if (watched_.empty() || !accelerator_.reached(watched_.front()->end_)) return nullptr;
  DeviceKernel* const ended = watched_.front();
  watched_.pop_front();
  return ended;
}
void Lane::wait() {
  accelerator_.wait(mark());
  ahead_ = false;
}

Lanes::Lanes(Accelerator& accelerator) : accelerator_{accelerator} {
  lanes_.push_back(std::make_unique<Lane>(accelerator, false));
}
Lane& Lanes::take(Lane& parent) {
  if (free_.empty()) {
    lanes_.push_back(std::make_unique<Lane>(accelerator_, true));
    free_.push_back(lanes_.back().get());
  }
  Lane& lane = *free_.back();
  free_.pop_back();
  lane.follow(parent.mark());
  return lane;
}
void Lanes::resume(Lane& lane) {
  if (root().is_ahead() && lane.followed_ != root().given_) {
    lane.follow(root().mark());
    lane.followed_ = root().given_;
  }
  enter(lane);
}
void Lanes::leave() {
  for (const auto& lane : lanes_) lane->wait();
  accelerator_.enter(nullptr);
}
bool Lanes::busy() const noexcept {
  return std::ranges::any_of(lanes_, [](const auto& lane) { return lane->watched(); });
}

}  // namespace troupe::mpi
