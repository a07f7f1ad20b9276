#pragma once
// One flow of control of a simulated rank: its program, or a task it has spawned.

#include <optional>

#include "core/communicator.hpp"
#include "sim/charging.hpp"
#include "sim/loggp/exchange.hpp"
#include "sim/loggp/operation.hpp"
#include "sim/overflow_watch.hpp"

namespace troupe::sim::loggp {

struct Neighbours;
struct RankState;

/// Thrown through a flow that has to end because the run has failed.
struct Stopped {};

/// What a kernel costs, but for jitter.
struct Charge {
  double launching = 0, running = 0, flops = 0;
  bool waits = false;
};

/// A flow is ahead when its clock has passed the world's. It gets there by kernels that it waits
/// for and by exchanges, as long as nothing can happen to its rank but what it does itself
/// (is_alone): then when these end depends on nobody, or on the other side of a message alone, and
/// is known without waiting for that time. Whatever could meet others' doings at a certain time
/// waits until the world has caught up.
class alignas(64) Flow final : public Communicator {
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

  /// Blocks until `pending` is done, or the run has failed.
  void finish(const Pending& pending);
  /// True if the flow blocks on `pending`, or on a set that it belongs to.
  bool waits_for(const Pending& pending) const noexcept {
    if (awaited_ == &pending) return true;
    return awaited_set_ && pending.is.is_for == Pending::For::request &&
           static_cast<const LogGPOperation&>(pending).wait_set() == awaited_set_;
  }
  RankFiber fiber() const noexcept { return {rank_, &fiber_}; }
  bool is_blocked() const noexcept { return awaited_set_ || awaited_ || exchange_.open; }
  const Pending* awaited() const noexcept { return awaited_; }
  /// Its clock: not before the world's.
  inline double time() const noexcept;

 private:
  friend class World;
  friend class LogGPOperation;
  Completion do_wait(Request& request) override;
  Completion do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to, const Payload& room,
                         Rank from) override;
  void do_compute(Kernel&& kernel) override;

  inline void check_receiver(Rank to) const;
  inline void check_sender(Rank from, const Tag& tag) const;
  Tag placed(const Tag& tag) const { return tag.is_placed() ? tag : tag.in(context_); }
  /// Blocks until `pending` is done. Throws Stopped if the run has failed.
  inline void await(const Pending& pending);
  /// Spends the processor's time for one end of a message.
  void spend_overhead(Rank to, std::size_t bytes);
  /// True if nothing of its rank is under way and it has no other flow.
  bool is_alone() const noexcept { return company_ == 0; }
  /// True if what it does next happens ahead of the world's clock.
  inline bool goes_ahead() const noexcept;
  /// Waits until the world's clock is not behind its own.
  inline void catch_up();
  void sleep_until(double time);
  inline LogGPOperation& new_operation(Pending::What what);
  /// Reductions of one size follow each other, a hundred thousand in a ring.
  bool is_as_the_last(const Reduce& reduce) const noexcept {
    return reduce.into.size() == reduced_.count && reduce.from.size() == reduced_.count &&
           reduce.into.dtype() == reduced_.dtype && reduce.from.dtype() == reduced_.dtype;
  }

  [[gnu::noinline]] Completion exchange_in_step(const Tag& tag, const ConstPayload& outgoing,
                                                Rank to, const Payload& room, Rank from);

  // ---- ahead (ahead.cpp)
  [[gnu::always_inline]] inline Completion exchange_ahead(const Tag& tag,
                                                          const ConstPayload& outgoing, Rank to,
                                                          const Payload& room, Rank from);
  inline void compute_ahead(const Kernel& kernel);
  inline void spend_ahead(double duration) noexcept;
  /// One of the two messages of exchange_ as the rest of the world knows messages.
  Pending& sent_in_world() noexcept;
  Pending& received_in_world() noexcept;

  // What a wait and an exchange touch comes first.
  World& world_;
  const Rank rank_;
  /// What keeps its rank from running ahead: what it has issued and is not yet done, but for what
  /// is done ahead; the rank's other flows; of those, the fact that they are.
  std::uint32_t company_ = 0;
  double clock_ = 0;
  Flow* next_ready_ = nullptr;
  Neighbours* near_ = nullptr;  ///< of a rank's own flow: with whom it runs ahead
  RankState& state_;
  const Context context_;
  Exchange exchange_;
  Fiber fiber_;
  const Pending* awaited_ = nullptr;
  const WaitSet* awaited_set_ = nullptr;
  std::uint64_t pauses_ = 0;  ///< how often it was woken: tells old timers from new ones
  struct {
    std::size_t count = 0;
    Dtype dtype = Dtype::float32;
    Charge charge;                     ///< of no values: nothing
  } reduced_;                          ///< the last reduction
  LogGPOperation* const own_request_;  ///< null of a rank's own flow
  double lane_free_ = 0;               ///< when the last of its kernels ends
  Launching launching_;
  std::uint64_t sequence_ = 0;
  std::uint32_t kernels_ = 0;  ///< of its lane, not yet done
  std::uint32_t spawned_ = 0;
  /// Of an exchange, the receive and the send; the kernel that is computed. Without requests.
  Pending own_[2];
  Pending *first_kernel_ = nullptr, *last_kernel_ = nullptr;  ///< where cores are shared
  bool has_begun_ = false, has_ended_ = false;
  std::uint64_t looked_at_ = 0;  ///< World::find_neighbours() numbers its looks
  Task task_;
};

}  // namespace troupe::sim::loggp
