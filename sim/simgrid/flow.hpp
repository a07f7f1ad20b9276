#pragma once
// One flow of control of a simulated rank.

#include <deque>

#include <simgrid/kernel/Timer.hpp>

#include "sim/simgrid/world.hpp"

namespace troupe::sim::simgrid_world {

class Flow final : public Communicator {
 public:
  Flow(World& world, Rank rank, Context context);
  ~Flow() override;

  Rank rank() const override { return rank_; }
  int size() const override { return world_.size(); }
  Seconds now() const override { return World::now(); }
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

  /// Blocks until `operation` is done.
  void finish(const SimOperation& operation);
  /// An operation of this flow completed; wakes the flow if that is what it blocks on.
  void completed(const SimOperation& operation);
  std::uint64_t next_sequence() noexcept { return sequence_++; }
  /// True from the moment SimGrid kills the flow: nothing may block any more.
  bool is_dying() const noexcept { return dying_; }
  bool is_blocked() const noexcept { return blocked_set_ || blocked_operation_; }
  /// True if the flow blocks on a set or operation that `operation` belongs to.
  bool waits_for(const SimOperation& operation) const noexcept {
    return (blocked_set_ && operation.wait_set() == blocked_set_) ||
           blocked_operation_ == &operation;
  }
  /// Operations of this flow that SimGrid or a request still refers to.
  int operations = 0;
  /// Runs what may block in SimGrid, noticing when the flow is killed meanwhile.
  template <class Call>
  auto guarded(Call call) {
    if (dying_) ::simgrid::ForcefulKillException::do_throw();
    try {
      return call();
    } catch (const ::simgrid::ForcefulKillException&) {
      dying_ = true;
      throw;
    }
  }

 private:
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context_); }
  bool block(Seconds until);
  bool wait_directly(Operation& only);
  void begin_kernel();
  void kernel_done();

  World& world_;
  Rank rank_;
  Context context_;
  std::uint32_t spawned_ = 0;
  std::uint64_t sequence_ = 0;
  s4u::SemaphorePtr wake_;
  WaitSet* blocked_set_ = nullptr;
  const SimOperation* blocked_operation_ = nullptr;
  std::deque<SimOperation*> lane_;                    // kernels not yet done, the running one first
  ::simgrid::kernel::timer::Timer* timer_ = nullptr;  // of the running kernel
  bool blocked_directly_ = false;
  bool dying_ = false;
};

}  // namespace troupe::sim::simgrid_world
