#pragma once
// The port on SimGrid: the state that the ranks of one simulation share.
//
// A rank is an actor; so is every flow it spawns. Which message belongs to which receive is decided
// here (core/matching.hpp): an unmatched receive can be dropped, SimGrid never having heard of it,
// and a deadlock be explained. SimGrid moves a message when there is a put and a get for it:
//   - send first: the sender puts it into a mailbox that is the pair's alone, the receiver gets it
//   from there;
//   - receive first: the sender puts it into the receiver's inbox, a mailbox with a permanent
//   receiver, from where it leaves
//     at once, and gets it itself: to the receiver it costs nothing to have 1024 receives open;
//   - eager or empty: couriers, daemon actors on the hosts, do what neither rank may be ready to
//   do;
//   - within a host that has no loopback link (those of a torus, say): it takes no time, and
//   SimGrid has no part in it.
// Of a delivery we hear through the copy callback, in the maestro's context, SimGrid's only notice
// of communications that nobody waits for. There the data are copied, both requests completed and,
// if a flow blocks on the right set, its semaphore released: a wait costs the same whatever the
// number of open requests.

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <simgrid/s4u.hpp>

#include "core/matching.hpp"
#include "core/standstill.hpp"
#include "sim/simgrid/accounting.hpp"
#include "sim/simgrid/simulation.hpp"

namespace troupe::sim::simgrid_world {

class Flow;
class World;
class SimOperation;

/// Starts the sending side of a message, on behalf of the calling actor.
s4u::CommPtr start_put(SimOperation& send, s4u::Mailbox& mailbox);
/// Starts the receiving side.
s4u::CommPtr start_get(s4u::Mailbox& mailbox);

/// A message, a kernel or a spawned flow in progress.
class SimOperation final : public Operation, public MatchNode {
 public:
  enum class Kind : std::uint8_t { send, receive, kernel, flow };

  explicit SimOperation(World& world) : world_{world} {}
  void renew(Flow& flow, Kind kind, std::uint64_t sequence);
  /// What a flow that waits for it waits for, in a Standstill's words.
  std::string describe() const;
  MatchKey key() const { return {from, to, tag}; }

  Flow* flow = nullptr;  ///< who issued it; null once that flow is gone
  Kind kind = Kind::kernel;
  bool eager = false;
  bool in_use = false;
  bool request_over = false;  ///< the request was taken or dropped
  bool transfer_over = true;  ///< SimGrid is done with it
  Tag tag{0};                 ///< of a message, in its context
  Rank from = any_rank, to = any_rank;
  std::size_t bytes = 0;  ///< sent, or room to receive
  const std::byte* source = nullptr;
  std::byte* target = nullptr;
  std::vector<std::byte> copy;      ///< of an eager message's payload
  SimOperation* partner = nullptr;  ///< the other end once matched
  s4u::Mailbox* mailbox = nullptr;
  s4u::CommPtr comm;     ///< this side's; of an eager send: the courier's put
  s4u::CommPtr get;      ///< of an eager send: the other courier's
  std::size_t pair = 0;  ///< for the accounting
  bool arrived = false;  ///< of an eager message: its bytes are at the receiver
  Seconds duration{};    ///< of a kernel
  Flops flops{};
  std::exception_ptr error;  ///< what the kernel's computation threw

  World& world() const noexcept { return world_; }
  void recycle_if_over() noexcept;
  void complete_kernel(Rank rank, Seconds at) {
    error ? fail(rank, std::exchange(error, nullptr), at) : complete(rank, 0, at);
  }

 private:
  friend class World;
  void abandon() noexcept override;
  void retire() noexcept override;
  World& world_;
};

/// Moves the eager messages of one rank: a daemon actor on its host.
class Courier {
 public:
  Courier(s4u::Host& host, Rank rank)
      : host_{host}, rank_{rank}, wake_{s4u::Semaphore::create(0)} {}
  void put(SimOperation& send) { order({&send, true}); }
  void get(SimOperation& send) { order({&send, false}); }
  /// A communication of this courier is finished; it is waited for at the next opportunity.
  void finished(s4u::CommPtr comm) { finished_.push_back(std::move(comm)); }

 private:
  struct Job {
    SimOperation* send;
    bool is_put;
  };
  void order(Job job);
  void work();

  s4u::Host& host_;
  Rank rank_;
  std::deque<Job> jobs_;
  std::vector<s4u::CommPtr> finished_;
  s4u::SemaphorePtr wake_;
  bool started_ = false;
};

class World {
 public:
  World(std::vector<s4u::Host*> host_of_rank, std::vector<Processor> processors, Options options);
  ~World();

  /// Creates the ranks' actors. Engine::run() does the rest.
  void start(const std::function<void(Communicator&)>& program);
  /// Throws the first error of the lowest rank, if any.
  void rethrow_error() const;
  SimulationResult result() const;
  /// What every blocked rank waits for, and what was never received.
  Standstill standstill() const;

  int size() const noexcept { return static_cast<int>(host_of_rank_.size()); }
  s4u::Host* host(Rank rank) const { return host_of_rank_[static_cast<std::size_t>(rank)]; }
  const Processor& processor(Rank rank) const {
    return processors_[static_cast<std::size_t>(rank)];
  }
  const Options& options() const noexcept { return options_; }
  Accounting& accounting() noexcept { return accounting_; }
  static Seconds now() { return Seconds{s4u::Engine::get_clock()}; }
  /// The run cannot go on; from here on nothing blocks.
  void give_up() noexcept { over_ = true; }
  /// True once the simulation failed: nothing may block any more.
  bool is_over() const noexcept { return over_; }

  /// True where a rank does not have a core of its own, so that kernels must share one.
  bool shares_cores(Rank rank) const { return shares_cores_[static_cast<std::size_t>(rank)]; }

  /// How slow the rank is.
  Slowness& slowness(Rank rank) { return slowness_[static_cast<std::size_t>(rank)]; }

  SimOperation& new_operation(Flow& flow, SimOperation::Kind kind);
  void recycle(SimOperation& operation) noexcept;

  void post_send(SimOperation& send);
  void post_receive(SimOperation& receive);
  bool forget_receive(SimOperation& receive);
  /// The two ends are matched and the bytes have arrived.
  void deliver(SimOperation& send);
  void eager_arrived(SimOperation& send);

  /// A flow's task failed: the whole run ends.
  void fail(Rank rank, std::exception_ptr error);

  void enlist(Flow& flow) { flows_.push_back(&flow); }
  void strike_off(Flow& flow);
  /// The rank's host died under it: everything that needs this rank fails with PeerLost.
  void rank_lost(Rank rank);
  bool is_lost(Rank rank) const { return lost_[static_cast<std::size_t>(rank)]; }

 private:
  void reserve_mailbox();
  s4u::Mailbox* take_mailbox();
  s4u::Mailbox& inbox_of(Rank rank);
  /// True of a message whose two ends are on one host, with no link in between.
  bool stays_inside(const SimOperation& send) const;
  void arrive_at_once(SimOperation& send);
  std::vector<UnmatchedMessage> unmatched() const;
  void post_eager(SimOperation& send);
  static void pair_up(SimOperation& send, SimOperation& receive);
  void hand_over(SimOperation& send, SimOperation& receive);
  Courier& courier(Rank rank);

  std::vector<s4u::Host*> host_of_rank_;
  std::vector<Processor> processors_;
  Options options_;
  std::vector<Slowness> slowness_;
  Accounting accounting_;
  MatchQueues<SimOperation, SimOperation> matching_;
  std::deque<SimOperation> operations_;
  std::vector<SimOperation*> free_operations_;
  std::vector<s4u::Mailbox*> free_mailboxes_;
  std::vector<s4u::Mailbox*> inboxes_;
  std::size_t mailboxes_ = 0;
  std::vector<std::unique_ptr<Courier>> couriers_;
  std::vector<Flow*> flows_;
  std::vector<bool> lost_, shares_cores_, has_loopback_;
  std::vector<std::pair<Rank, std::exception_ptr>> errors_;
  bool over_ = false;
};

}  // namespace troupe::sim::simgrid_world
