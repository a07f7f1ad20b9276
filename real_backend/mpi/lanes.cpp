#include "real_backend/mpi/lanes.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace troupe::mpi {

namespace {
/// Calls action(stretch) for each operand that is not where the host is.
template <class Action>
void for_each_stretch(const Kernel& kernel, const Action& action) {
  const Operands all = operands(kernel);
  const auto tell = [&](const auto& slices, bool is_written) {
    for (const auto& slice : slices)
      if (!slice.is_phantom() && !slice.memory().on_host())
        action(Stretch{slice.address(), slice.size_bytes(), is_written});
  };
  tell(all.reads, false);
  tell(all.writes, true);
}
}  // namespace

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
  touched_.clear();
}

Lanes::Lanes(Accelerator& accelerator) : accelerator_{accelerator} {
  lanes_.push_back(std::make_unique<Lane>(accelerator, false));
  accelerator_.tell_uses([this](MemoryUse what, const std::byte* begin, std::size_t bytes) {
    use(what, begin, bytes);
  });
}
Lanes::~Lanes() { accelerator_.tell_uses({}); }
Lane& Lanes::take(Lane& parent) {
  if (free_.empty()) {
    lanes_.push_back(std::make_unique<Lane>(accelerator_, true));
    free_.push_back(lanes_.back().get());
  }
  Lane& lane = *free_.back();
  free_.pop_back();
  lane.follow(parent.mark());
  lane.followed_ = is_root(parent) ? root().given_ : parent.followed_;
  return lane;
}

void Lanes::follow_root(Lane& lane, std::uint64_t number) {
  if (!root().is_ahead() || number <= std::max(lane.followed_, over_)) return;
  const auto told = std::ranges::lower_bound(signals_, number, {}, &Signal::given);
  const bool since = told == signals_.end();
  lane.follow(since ? root().mark() : told->mark);
  lane.followed_ = since ? root().given_ : told->given;
}
void Lanes::signal() {
  if (!has_flows() || !root().is_ahead()) return;
  while (!signals_.empty() && accelerator_.reached(signals_.front().mark)) {
    over_ = signals_.front().given;
    signals_.pop_front();
  }
  signals_.push_back({root().given_, root().mark()});
}
void Lanes::order(Lane& lane, const Kernel& kernel) {
  if (is_root(lane) || !root().is_ahead()) return;
  // A body may look at whatever its captures lead to.
  if (std::holds_alternative<Opaque>(kernel)) return follow_root(lane, root().given_);
  for_each_stretch(kernel, [&](const Stretch& stretch) { order(lane, stretch); });
}
void Lanes::run_ahead(const Kernel& kernel) {
  if (!has_flows()) {
    root().touched_.clear();  // those to come follow all of it
    return root().run_ahead();
  }
  for_each_stretch(kernel, [&](const Stretch& stretch) { root().run_ahead(stretch); });
}
void Lanes::use(MemoryUse use, const std::byte* begin, std::size_t bytes) {
  if (!entered_) return;
  Lane& lane = *entered_;
  if (!is_root(lane)) {
    if (use == MemoryUse::computed_on) follow_root(lane, root().given_);
    else order(lane, {begin, bytes, use != MemoryUse::read});
  } else if (has_flows() && use == MemoryUse::allocated) {
    ++lane.given_;
    lane.run_ahead({begin, bytes, true});
  } else if (has_flows() && use == MemoryUse::computed_on) {
    lane.touched_.note_everything(++lane.given_);
    lane.run_ahead();
  }
}
void Lanes::leave() {
  for (const auto& lane : lanes_) lane->wait();
  entered_ = nullptr;
  accelerator_.enter(nullptr);
}
bool Lanes::busy() const noexcept {
  return std::ranges::any_of(lanes_, [](const auto& lane) { return lane->watched(); });
}

}  // namespace troupe::mpi
