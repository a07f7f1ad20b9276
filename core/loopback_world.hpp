#pragma once
// What the threads of one loopback run share. Private to core/loopback*.cpp.

#include <array>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "core/loopback.hpp"
#include "core/matching.hpp"

namespace troupe::loopback {

class World;
class Flow;

// ---- operations. Each belongs to the flow that issued it; all of their state is guarded by the
// world's mutex.

class LoopbackOperation : public Operation {
 public:
  explicit LoopbackOperation(Flow& owner);
  void abandon() noexcept override;
  void retire() noexcept override { delete this; }
  /// Forgets what is not matched yet. True if it did: then there is nothing to wait for.
  /// `is_last_resort`: a send is also forgotten, because the run has failed.
  virtual bool forget(bool) { return false; }

  Flow& flow;
};

class Send;

/// A message on its way. It owns a copy where it left eagerly, and points into the sender's payload
/// where not.
struct Message : MatchNode {
  UnmatchedMessage facts;
  const std::byte* address = nullptr;
  std::unique_ptr<std::byte[]> copy;
  Send* sender = nullptr;  ///< still waiting; nullptr when it left eagerly
};

class Send final : public LoopbackOperation {
 public:
  using LoopbackOperation::LoopbackOperation;
  bool forget(bool is_last_resort) override;
  Message* unmatched = nullptr;
};

class Receive final : public LoopbackOperation, public MatchNode {
 public:
  Receive(Flow& owner, Rank sender, Tag name, Payload where)
      : LoopbackOperation{owner}, from{sender}, tag{name}, room{where} {}
  bool forget(bool is_last_resort) override;
  const Rank from;
  const Tag tag;
  const Payload room;
};

class Spawned final : public LoopbackOperation {
 public:
  using LoopbackOperation::LoopbackOperation;
  ~Spawned() override {
    if (thread.joinable()) thread.join();  // it has taken the lock for the last time
  }
  Context context;
  std::thread thread;
};

// ---- one flow of one rank

class Flow final : public Communicator {
 public:
  Flow(World& world, Rank rank, Context context) : world_{world}, rank_{rank}, context_{context} {}

  Rank rank() const override { return rank_; }
  int size() const override;
  Seconds now() const override;
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until) override;

 private:
  friend class World;
  friend class LoopbackOperation;
  friend class Send;
  friend class Receive;
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context_); }

  World& world_;
  const Rank rank_;
  const Context context_;
  // Used by the flow itself.
  std::uint64_t issued_ = 0;
  std::uint32_t spawned_ = 0;
  // Guarded by the world's mutex.
  std::array<bool, 256> child_lives_{};
  std::condition_variable wake_;
  const WaitSet* awaited_set_ = nullptr;
  const Operation* awaited_ = nullptr;
  bool blocked_ = false;    ///< waits without a deadline
  bool unwinding_ = false;  ///< waits in a destructor because an exception is on its way
};

// ---- what all flows share

class World {
 public:
  World(int ranks, const LoopbackOptions& options) : options_{options} {
    for (Rank rank = 0; rank < ranks; ++rank)
      states_.push_back({std::make_unique<Flow>(*this, rank, Context{})});
    for (const RankState& state : states_) flows_.insert(state.main.get());
  }

  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    std::vector<std::unique_ptr<Message>> left;
    queues_.for_each_message(
        [&](const MatchKey&, Message& message) { left.emplace_back(&message); });
  }

  Flow& main_flow(Rank rank) { return *states_[static_cast<std::size_t>(rank)].main; }
  int size() const { return static_cast<int>(states_.size()); }
  Seconds now() const { return std::chrono::steady_clock::now() - start_; }

  /// The program of a rank has ended, well or not.
  void rank_ended(Rank rank, std::exception_ptr error);
  /// After all threads have ended: throws what went wrong, or reports.
  RunReport result() const;

 private:
  friend class Flow;
  friend class LoopbackOperation;
  friend class Send;
  friend class Receive;

  struct RankState {
    std::unique_ptr<Flow> main;
    std::exception_ptr error{};
    bool has_ended = false;
    bool is_lost = false;
    Activity activity{};
    int flows = 1, computing = 0, moving = 0, waiting = 0;  ///< what its flows do now ...
    Seconds since{};                                        ///< ... and have done since then
  };
  RankState& state(Rank rank) { return states_[static_cast<std::size_t>(rank)]; }

  // All below: holding the mutex.
  /// From now on one more flow of the rank (or one less) does so.
  void account(Rank rank, int RankState::*doing, int change);
  void deliver(Message* matched, Receive& receive);
  void finished(LoopbackOperation& operation);
  void finish(LoopbackOperation& operation, Rank peer, std::size_t bytes);
  void fail(LoopbackOperation& operation, Rank peer, std::exception_ptr error);
  void fail_as_lost(LoopbackOperation& operation, Rank peer);
  void block(std::unique_lock<std::mutex>& lock, Flow& flow);
  void unblock(Flow& flow);
  void flow_ended(Flow& flow);
  void lose(Rank rank);
  void resolve_standstill();
  Standstill standstill() const;
  std::vector<UnmatchedMessage> unmatched() const;

  const LoopbackOptions options_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  MatchQueues<Message, Receive> queues_;
  std::vector<RankState> states_;
  std::unordered_set<Flow*> flows_;       ///< that have not ended
  std::unordered_set<Spawned*> spawned_;  ///< that have not ended
  std::size_t blocked_ = 0;               ///< of the flows
  std::string deadlock_;                  ///< its message, once there is one
};

}  // namespace troupe::loopback
