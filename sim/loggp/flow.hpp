#pragma once
// One flow of control of a simulated rank: its program, or a task it has spawned.

#include <optional>

#include "core/communicator.hpp"
#include "sim/loggp/fiber.hpp"
#include "sim/loggp/operation.hpp"

namespace troupe::sim::loggp {

/// Thrown through a flow that has to end because the run has failed.
struct Stopped {};

class Flow final : public Communicator {
 public:
  /// `spawned` completes when the task has returned; null for a rank's own program.
  Flow(World& world, Rank rank, Context context, Task task, LogGPOperation* spawned, Stack stack);

  Rank rank() const override { return rank_; }
  int size() const override;
  Seconds now() const override;
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

  /// Blocks until `operation` is done, or the run has failed.
  void finish(const LogGPOperation& operation);
  /// True if the flow blocks on a set or operation that `operation` belongs to.
  bool waits_for(const LogGPOperation& operation) const noexcept {
    return (awaited_set_ && operation.wait_set() == awaited_set_) || awaited_ == &operation;
  }
  const Stack& stack() const noexcept { return fiber_.stack(); }
  bool is_blocked() const noexcept { return awaited_set_ || awaited_; }

 private:
  friend class World;
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context_); }
  /// Spends the processor's time for one end of a message.
  void spend_overhead(std::size_t bytes);

  World& world_;
  const Rank rank_;
  const Context context_;
  std::uint32_t spawned_ = 0;
  std::uint64_t sequence_ = 0;
  const WaitSet* awaited_set_ = nullptr;
  const LogGPOperation* awaited_ = nullptr;
  std::uint64_t pauses_ = 0;   ///< how often it was woken: tells old timers from new ones
  double lane_free_ = 0;       ///< when the last of its kernels ends
  std::uint32_t kernels_ = 0;  ///< of its lane, not yet done
  LogGPOperation *first_kernel_ = nullptr, *last_kernel_ = nullptr;  ///< where cores are shared
  Flow* next_ready_ = nullptr;
  bool has_begun_ = false, has_ended_ = false;
  Task task_;
  LogGPOperation* own_request_;
  Fiber fiber_;
};

}  // namespace troupe::sim::loggp
