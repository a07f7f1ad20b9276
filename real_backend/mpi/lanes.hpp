#pragma once
// The kernels of this rank on an accelerator: a lane for each flow, and those started there that
// nobody knows to be over.

#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include "real_backend/mpi/accelerator.hpp"
#include "real_backend/mpi/touched.hpp"
#include "real_backend/mpi/waiter.hpp"

namespace troupe::mpi {

/// One kernel on the accelerator. Deletes itself when retired.
class DeviceKernel final : public Operation {
 public:
  DeviceKernel(std::uint64_t sequence, Waiter& waiter) : waiter_{waiter} { renew(sequence); }
  /// Completes it, or fails it with what it threw when it was launched.
  void finish(Rank rank, Seconds at);

 private:
  friend class Lane;
  void abandon() noexcept override;
  void retire() noexcept override { delete this; }

  Waiter& waiter_;
  std::exception_ptr error_;
  Mark end_;
};

/// What one flow has the accelerator do, in order.
class Lane {
 public:
  Lane(Accelerator& accelerator, bool of_flow);

  /// Launches a kernel. What that throws is kept for DeviceKernel::finish().
  void launch(const Kernel& kernel, DeviceKernel& operation) noexcept;
  /// After everything given to this lane so far, memory among it.
  Mark mark() { return lane_->mark(); }
  /// Whatever is given to it from now on comes after `mark`.
  void follow(const Mark& mark) {
    ++given_;
    lane_->follow(mark);
  }

  /// What is started here completes when the accelerator has reached its end ...
  void watch(DeviceKernel& operation);
  bool watched() const noexcept { return !watched_.empty(); }
  /// ... which this takes note of: the oldest that has ended, or null.
  DeviceKernel* take_ended();
  /// Something given to this lane is taken for complete though the accelerator may be at it ...
  void run_ahead() noexcept { ahead_ = true; }
  /// ... and touches this.
  void run_ahead(const Stretch& stretch) {
    ahead_ = true;
    touched_.note(stretch, given_);
  }
  bool is_ahead() const noexcept { return ahead_; }
  /// Blocks until everything given to it is over.
  void wait();

 private:
  friend class Lanes;
  Accelerator& accelerator_;
  std::unique_ptr<AcceleratorLane> lane_;
  std::deque<DeviceKernel*> watched_;
  std::uint64_t given_ = 0;     ///< kernels and marks to follow
  std::uint64_t followed_ = 0;  ///< how much of what was given to the root this one comes after
  Touched touched_;             ///< by what is taken for complete
  bool ahead_ = false;
};

class Lanes {
 public:
  explicit Lanes(Accelerator& accelerator);
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;
  ~Lanes();

  Lane& root() noexcept { return *lanes_.front(); }
  bool is_root(const Lane& lane) const noexcept { return &lane == lanes_.front().get(); }
  /// A lane for a flow that `parent` spawns: it comes after all that the parent has started.
  Lane& take(Lane& parent);
  /// Takes it back for another flow.
  void give_back(Lane& lane) { free_.push_back(&lane); }
  /// Memory is allocated, released, read and written in its order from now on.
  void enter(Lane& lane) {
    entered_ = &lane;
    accelerator_.enter(lane.lane_.get());
  }
  /// What is given to the lane of a flow next touches this: it comes after what the rank's own flow
  /// takes for complete and touches it, too.
  void order(Lane& lane, const Stretch& stretch) {
    if (!is_root(lane)) follow_root(lane, root().touched_.last_conflict(stretch));
  }
  void order(Lane& lane, const Kernel& kernel);
  /// What the rank's own flow has launched is taken for complete.
  void run_ahead(const Kernel& kernel);
  /// It tells other flows something: what they touch because of that comes after what it has done
  /// so far, and not after what it goes on with before their turn.
  void signal();
  /// Waits for all lanes; from now on nobody's order is followed.
  void leave();

  /// True while a kernel is watched.
  bool busy() const noexcept;
  /// Calls finish(kernel) for what has ended since, those of a lane in order. True if any has.
  template <class Finish>
  bool poll(const Finish& finish) {
    bool some = false;
    for (const auto& lane : lanes_)
      while (DeviceKernel* const ended = lane->take_ended()) {
        finish(*ended);
        some = true;
      }
    return some;
  }

 private:
  void follow_root(Lane& lane, std::uint64_t number);
  void use(MemoryUse use, const std::byte* begin, std::size_t bytes);
  /// True while a flow has a lane.
  bool has_flows() const noexcept { return free_.size() + 1 < lanes_.size(); }

  Accelerator& accelerator_;
  Lane* entered_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;  // the first is that of the rank's own flow
  std::vector<Lane*> free_;
  /// So much had been given to the rank's own lane when it told others something.
  struct Signal {
    std::uint64_t given;
    Mark mark;
  };
  std::deque<Signal> signals_;  // in their order, but those whose mark has been seen to be reached
  std::uint64_t over_ = 0;      // of what was given to it
};

}  // namespace troupe::mpi
