#pragma once
// One rank of one run: its flows of control, which take turns on the rank's thread, and what they
// wait for.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "real_backend/mpi/fiber.hpp"
#include "real_backend/mpi/lanes.hpp"
#include "real_backend/mpi/messages.hpp"
#include "real_backend/mpi/options.hpp"
#include "real_backend/mpi/standstill_vote.hpp"
#include "real_backend/mpi/worker.hpp"

namespace troupe::mpi {

class Engine;
class Flow;

/// What one flow of control sees.
class FlowCommunicator final : public Communicator {
 public:
  FlowCommunicator(Engine& engine, Context context) : engine_{engine}, context_{context} {}
  Rank rank() const override;
  int size() const override;
  Seconds now() const override;
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

 private:
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context_); }
  Engine& engine_;
  Context context_;
  std::uint32_t spawned_ = 0;
};

/// Lets this thread wait without taking the processor from others, and without losing time where it
/// is alone: yields first, and later sleeps for at most a hundredth of what it has waited.
class Backoff {
 public:
  void reset() noexcept { fresh_ = true; }
  /// Since the first next() after a reset.
  Seconds waited(Seconds now) const noexcept { return fresh_ ? Seconds{} : now - since_; }
  /// How long to sleep; zero: only yield.
  Seconds next(Seconds now);

 private:
  bool fresh_ = true;
  Seconds since_{};
};

class Engine final : public Waiter {
 public:
  /// How an engine speaks to people: by a line on stderr, or (does not return) by ending the job.
  struct Voice {
    std::function<void(const std::string&message)> notice, abort;
  };

  /// Counts in `activity` what this rank does. `standstills`: a communicator of all ranks for votes
  /// on them.
  Engine(Messages::Comms comms, MPI_Comm standstills, const Options& options, Voice voice,
         Activity& activity);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Starts the clock: a barrier before makes it start together.
  void start_clock() { clock_.start(); }
  Seconds host_now() const { return clock_.now(); }
  Communicator& root() noexcept { return root_; }
  /// Waits for what the accelerator still does; see Messages::finish.
  std::size_t finish();

 private:
  friend class Flow;
  friend class FlowCommunicator;

  /// What a flow is blocked on: a set with something ready, the end of an operation, or a time.
  struct Waiting {
    const WaitSet* set = nullptr;
    const Operation* operation = nullptr;
    Seconds until = forever;
  };

  Request start(Kernel kernel);
  /// True if an operand is where the host cannot touch it, and all have values.
  static bool is_for_device(const Kernel& kernel);
  Request start_on(Lane& lane, const Kernel& kernel);
  /// Before a message of the flow that runs: its values, in an accelerator's memory, come after
  /// what the rank's own flow has done with them.
  template <class Values>
  void order(const Values& values, bool is_written) {
    if (lanes_ && !values.is_phantom() && values.bytes > 0 && !values.memory->on_host())
      lanes_->order(*lane(), {values.address, values.bytes, is_written});
  }
  /// Before a message, which other flows of the rank may be told something by.
  void signal(Rank to) {
    if (lanes_ && !current_ && to == rank_) lanes_->signal();
  }
  /// Blocks until the worker has computed what it was given.
  void finish_host_kernels();
  Request spawn(Context context, Task task);
  /// The clock, once everything that the flow that asks takes for complete is: of the rank's own,
  /// what the accelerator is still at is waited for.
  Seconds now();
  /// That of the flow that runs; null without an accelerator.
  Lane* lane() noexcept;
  bool runs_ahead(const Lane& lane) const noexcept override {
    return lanes_ && lanes_->is_root(lane);
  }
  bool has_flows() const noexcept override { return running_flows_ > 0; }
  /// Returns when the flow that calls it need not wait any longer; the others run meanwhile.
  void block(const Waiting& waiting);
  /// Lets messages and other flows go on though this one need not wait.
  void breathe();
  void wait_until_done(const Operation& operation) noexcept override;

  template <class Action>
  bool attend(const Action& action);
  bool over(const Waiting& waiting) const;
  /// Something has moved on this rank.
  void move_on() noexcept {
    backoff_.reset();
    vote_.moved();
    has_said_ = false;
  }
  /// Nothing has: says what this rank waits for when that has been long enough, and ends the job
  /// where all ranks find out that they do.
  void stand_still(const Waiting& waiting);
  void say_what_it_waits_for(const Waiting& waiting);
  std::vector<std::string> waits_of(const Waiting& waiting) const;
  void end_deadlock() const;
  /// While other ranks have not returned.
  void wait_for_the_others();
  void finish(KernelOperation& operation);
  bool poll();
  bool resume_flows();
  void idle(Seconds until);
  Seconds earliest_deadline(Seconds until) const;
  Seconds busy_time(const Kernel& kernel) const;
  bool runs_at_issue(const Kernel& kernel, Seconds busy) const;

  Options options_;
  Voice voice_;
  Activity& activity_;
  Rank rank_ = 0;
  int size_ = 1;
  Clock clock_;
  Messages messages_;
  Worker worker_;
  std::optional<Lanes> lanes_;
  StackPool stacks_;
  std::vector<std::unique_ptr<Flow>> flows_;  // all whose request is not retired
  std::size_t running_flows_ = 0;
  Flow* current_ = nullptr;  // null: the rank's own flow
  Backoff backoff_;
  Seconds notice_after_;
  bool has_said_ = false;  // what it waits for, since something has moved
  StandstillVote vote_;
  FlowCommunicator root_;
  std::uint64_t sequence_ = 0;
  int unbroken_ = 0;       // waits in a row that found something ready
  bool computed_ = false;  // a kernel has run at issue since the last look at messages
};

}  // namespace troupe::mpi
