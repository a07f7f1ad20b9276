#pragma once
// One flow of control of a simulated rank: its program, or a task it has spawned.

#include <deque>
#include <optional>

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>

#include "core/communicator.hpp"
#include "sim/charging.hpp"
#include "sim/overflow_watch.hpp"
#include "sim/simgrid/operation.hpp"

namespace troupe::sim::simgrid_world {

class World;

/// Thrown through a flow that has to end: its host or the whole run has failed.
struct Stopped {};

class Flow final : public Communicator {
 public:
  /// `spawned` completes when the task has returned; null for a rank's own program.
  Flow(World& world, Rank rank, Context context, Task task, SimOperation* spawned, Stack stack);

  Rank rank() const override { return rank_; }
  int size() const override;
  Seconds now() const override;
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

  /// Blocks until `operation` is done, or the flow has to end.
  void finish(const SimOperation& operation) noexcept;
  /// True once the rank's host has failed: nothing may block any more.
  bool is_dying() const noexcept { return dying_; }
  bool is_blocked() const noexcept { return awaited_set_ || awaited_; }
  /// True if the flow blocks on a set or operation that `operation` belongs to.
  bool waits_for(const SimOperation& operation) const noexcept {
    return (awaited_set_ && operation.wait_set() == awaited_set_) || awaited_ == &operation;
  }
  RankFiber fiber() const noexcept { return {rank_, &fiber_}; }

 private:
  friend class World;
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context_); }
  /// Throws Stopped if the flow has to end.
  void go_on();
  SimOperation& new_operation(SimOperation::Kind kind);

  World& world_;
  const Rank rank_;
  const WaitSet* awaited_set_ = nullptr;
  const SimOperation* awaited_ = nullptr;
  Flow* next_ready_ = nullptr;
  Fiber fiber_;
  const Context context_;
  std::uint32_t spawned_ = 0;
  std::uint64_t sequence_ = 0;
  int operations_ = 0;              ///< of this flow that are in use
  std::deque<SimOperation*> lane_;  ///< kernels not yet done, the running one first
  ::simgrid::kernel::timer::Timer* kernel_ = nullptr;  ///< rings when the running kernel ends
  ::simgrid::kernel::timer::Timer* alarm_ = nullptr;   ///< rings at the deadline of a wait
  ::simgrid::s4u::ExecPtr exec_;  ///< the running kernel, where cores are shared
  Launching launching_;
  Seconds runs_since_{};  ///< the running kernel, once it has been launched
  bool is_ready_ = false, dying_ = false, has_begun_ = false, has_ended_ = false;
  Task task_;
  SimOperation* own_request_;
};

}  // namespace troupe::sim::simgrid_world
