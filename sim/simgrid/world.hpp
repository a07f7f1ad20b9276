#pragma once
// The port on SimGrid: the state that the flows of one simulation share.
//
// SimGrid keeps the clock, the network and shared processors; flows are fibers of ours. SimGrid
// knows no actors: it only ever runs transfers between hosts, kernels where ranks share cores, and
// timers, all started by whoever called Engine::run(). What ends at one moment is noted while
// SimGrid looks after its events. Then a turn follows, by a timer for the same moment: what has
// ended is completed, every flow that can go on does until it blocks, and the transfers they have
// asked for are started, all at once.
//
// Which message belongs to which receive is decided here (core/matching.hpp): an unmatched receive
// can be dropped, SimGrid never having heard of it, and a deadlock be explained. A message's
// transfer starts when both sides have met, an eager one's when it is sent; where each pair of
// ranks has one connection, when that is free and the message's first byte is there. Within a host
// that has no loopback link (those of a torus, say) it takes no time, and SimGrid has no part in
// it.

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <simgrid/s4u.hpp>

#include "core/matching.hpp"
#include "core/standstill.hpp"
#include "sim/flows.hpp"
#include "sim/simgrid/accounting.hpp"
#include "sim/simgrid/connections.hpp"
#include "sim/simgrid/flow.hpp"
#include "sim/simgrid/simulation.hpp"
#include "sim/simgrid/transfers.hpp"

namespace troupe::sim::simgrid_world {

class World {
 public:
  World(const Ranks& ranks, Options options);
  ~World();

  /// Runs the program on every rank until all have returned. Throws what simulate() does.
  void run(s4u::Engine& engine, const std::function<void(Communicator&)>& program);
  SimulationResult result() const;

  int size() const noexcept { return static_cast<int>(host_of_rank_.size()); }
  static Seconds now() { return Seconds{s4u::Engine::get_clock()}; }
  const Options& options() const noexcept { return options_; }
  const Accounting& accounting() const noexcept { return accounting_; }
  StackPool& stacks() noexcept { return stacks_; }
  /// The flow that runs, for whoever has to name it when its stack has overflowed.
  RankFiber running() const noexcept { return running_ ? running_->fiber() : RankFiber{}; }
  /// True once the run has failed: nothing blocks any more.
  bool is_over() const noexcept { return over_; }
  /// True if the flows of this rank have to end.
  bool is_stopping(Rank rank) const noexcept { return over_ || is_lost(rank); }
  Slowness& slowness(Rank rank) { return slowness_[index(rank)]; }

  // ---- operations, recycled
  SimOperation& spare_operation();
  void recycle(SimOperation& operation) noexcept;

  // ---- messages (message.cpp)
  void post_send(SimOperation& send);
  void post_receive(SimOperation& receive);
  /// Forgets a receive that has met no message yet; false if it has.
  bool forget_receive(SimOperation& receive);

  // ---- kernels (kernel.cpp)
  void start_kernel(Flow& flow, SimOperation& operation, const Kernel& kernel);

  // ---- flows (world.cpp)
  Flow& new_flow(Rank rank, Context context, Task task, SimOperation* spawned);
  /// It goes on in this turn, or where none is, in one that follows at once.
  void make_ready(Flow& flow);
  /// Lets others go on until `flow` is made ready.
  void block(Flow& flow) { Fiber::switch_to(flow.fiber_, own_); }
  void set_alarm(Flow& flow, Seconds at);
  /// What every fiber runs.
  static void run_flow(void* argument);

 private:
  static std::size_t index(Rank rank) noexcept { return static_cast<std::size_t>(rank); }
  s4u::Host& host(Rank rank) const { return *host_of_rank_[index(rank)]; }
  /// On whose cores it computes.
  s4u::Host& cores(Rank rank) const { return *cores_of_rank_[index(rank)]; }
  const Processor& processor(Rank rank) const { return processors_[index(rank)]; }

  // ---- turns (world.cpp)
  void await_turn();
  void take_turn();
  void resume(Flow& flow);
  void wake(Flow& flow);
  /// `operation` has completed or failed.
  void notify(SimOperation& operation) {
    if (operation.flow && operation.flow->waits_for(operation)) wake(*operation.flow);
  }
  void end_flow(Flow& flow, std::exception_ptr error);
  void stop_all_flows();

  // ---- messages (message.cpp)
  void post_eager(SimOperation& send);
  static void pair_up(SimOperation& send, SimOperation& receive);
  void begin_transfer(SimOperation& send);
  void set_out(SimOperation& send);
  const s4u::Comm* start_transfer(SimOperation& send);
  void end_transfer(Transfer& transfer);
  void arrive(SimOperation& send);
  void break_off(SimOperation& send);
  void hand_over(SimOperation& send, SimOperation& receive);
  std::vector<UnmatchedMessage> unmatched() const;

  // ---- kernels (kernel.cpp)
  void begin_kernel(Flow& flow);
  void run_in_simgrid(Flow& flow);
  void end_kernel(Flow& flow);

  // ---- what is lost (message.cpp; watched for in world.cpp)
  void watch_failures();
  bool is_lost(Rank rank) const noexcept { return lost_[index(rank)]; }
  void lose(Rank rank);
  bool is_cut(const SimOperation& send) const;
  void fail(SimOperation& operation, Rank peer, std::exception_ptr error);

  // ---- at the end (deadlock.cpp)
  Standstill standstill() const;

  const std::vector<s4u::Host*> host_of_rank_;
  const std::vector<Processor> processors_;
  const Options options_;
  std::vector<Slowness> slowness_;
  Accounting accounting_;
  MatchQueues<SimOperation, SimOperation> matching_;
  std::deque<SimOperation> operations_;
  std::vector<SimOperation*> spare_operations_;

  Transfers transfers_;
  std::optional<Connections> connections_;
  std::vector<SimOperation*> to_start_;  // messages that set out at the end of this turn
  std::vector<SimOperation*> inside_;    // messages within a host: they arrive in the next round
  std::vector<Transfer*> ended_;         // since the last turn
  std::vector<s4u::Host*> cores_of_rank_;
  std::vector<bool> simgrid_computes_;  // by rank: it has no core of its own, or no constant speed
  std::vector<bool> has_loopback_;      // by rank, of its host
  std::vector<bool> lost_;              // by rank: its host has failed
  bool some_link_is_down_ = false;      // or was

  StackPool stacks_;
  Fiber own_;  // the thread's stack
  Flow* running_ = nullptr;
  WorkOutside outside_;
  std::vector<std::unique_ptr<Flow>> flows_;  // the ranks' own first; then spawned ones
  std::vector<Flow*> spare_flows_;            // among them, ended
  ReadyFlows<Flow, &Flow::next_ready_> ready_;
  bool turn_is_due_ = false;  // or being taken
  Failures failures_;
  bool over_ = false;
};

}  // namespace troupe::sim::simgrid_world
