#pragma once
// The port on fibers: the state that the flows of one simulation share.
//
// Time is one clock. The flows that can go on at the present moment do, in the order in which they
// could; when none is left, the next moment of the agenda begins, and all that happens in it
// happens before any flow goes on. A flow that blocks looks for the next one itself and switches to
// it: there is no scheduler in between. The thread's own stack is used for kernels that compute,
// and for what is left when no flow can go on.
//
// A message whose two sides have met (an eager one: that was sent) reserves the port it leaves by
// at once, since messages meet in the order of time. The port it enters by is another matter:
// another message may still overtake it on the way. So its first byte is noted among the port's
// arrivals, and an event marks the time at which its last byte would be in if nothing were in the
// way. By then nothing new can come before it: all arrivals up to it are put in their order, and
// where it has to queue the event is put off once. An uncontended message costs one event.

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/standstill.hpp"
#include "sim/flows.hpp"
#include "sim/loggp/arrivals.hpp"
#include "sim/loggp/channels.hpp"
#include "sim/loggp/counters.hpp"
#include "sim/loggp/flow.hpp"
#include "sim/loggp/pairs.hpp"
#include "sim/loggp/row.hpp"
#include "sim/loggp/shared_cores.hpp"
#include "sim/loggp/simulation.hpp"

namespace troupe::sim::loggp {

/// Something that will be due: exactly one of the three.
struct Due {
  Flow* flow = nullptr;            ///< goes on, if it has not been woken since
  LogGPOperation* sent = nullptr;  ///< an eager message has been copied
  SharedCores* cores = nullptr;    ///< a kernel ends, if the plan still holds
  std::uint64_t count = 0;         ///< of the flow's pauses, or of the plans
};
struct Timer final : Event {
  Due due;
};

/// What one rank has done, kept while the simulation runs. At each moment a rank computes (a kernel
/// of any of its flows runs), else communicates (a message of its is under way), else waits. What
/// begins is booked in advance, so that nothing is to be done while time passes: from now on, a
/// rank computes without a pause until `computing_until`, and likewise it communicates.
struct alignas(64) RankState {
  double computing_until = 0, communicating_until = 0;
  double computing = 0;
  double busy = 0;  ///< computing or communicating
  double end = 0;
  double processor_free = 0;  ///< of overheads of messages
  std::uint64_t kernels = 0;
  double flops = 0;
  bool has_ended = false;
  Pairs pairs;

  void computes(double now, double until) noexcept {
    if (until <= computing_until) return;
    computing += until - std::max(now, computing_until);
    is_busy(now, until);
    computing_until = until;
  }
  void communicates(double now, double until) noexcept {
    if (until <= communicating_until) return;
    is_busy(now, until);
    communicating_until = until;
  }
  /// What was booked as computing from `now` on is not.
  void stops_computing(double now) noexcept {
    if (has_ended || computing_until <= now) return;
    computing -= computing_until - now;
    busy -= std::max(0.0, computing_until - std::max(now, communicating_until));
    computing_until = now;
  }
  /// Of what was booked, how long it has computed until `now`, and how long it has been busy.
  double computing_till(double now) const noexcept {
    return computing - std::max(0.0, computing_until - now);
  }
  double busy_till(double now) const noexcept {
    return busy - std::max(0.0, std::max(computing_until, communicating_until) - now);
  }
  void ends(double now) noexcept {
    stops_computing(now);
    busy -= std::max(0.0, communicating_until - now);
    computing_until = communicating_until = std::numeric_limits<double>::infinity();
    end = now;
    has_ended = true;
  }

 private:
  void is_busy(double now, double until) noexcept {
    const double booked = std::max(computing_until, communicating_until);
    if (until > booked) busy += until - std::max(now, booked);
  }
};

/// Ranks that run ahead together: as long as one of them can, then others, those first who did
/// last. What they look at is still in the cache; in which order they go on makes no difference to
/// them.
struct Neighbours {
  static constexpr std::size_t ranks = 128;
  Flow *first = nullptr, *last = nullptr;
  Neighbours* next = nullptr;
  std::uint64_t visited = 0;
  bool is_listed = false;
};

class World {
 public:
  World(const Network& network, const std::vector<Seat>& seats, const Options& options,
        const std::vector<Overheads>& overheads);
  ~World();

  /// Runs the program on every rank until all have returned. Throws what simulate() does.
  void run(const std::function<void(Communicator&)>& program);
  SimulationResult result();
  /// Answers while the run goes on.
  SoFar so_far();

  int size() const noexcept { return size_; }
  double now() const noexcept { return now_; }
  /// True once the run has failed: nothing blocks any more.
  bool is_over() const noexcept { return over_; }
  /// The flow that runs, for whoever has to name it when its stack has overflowed.
  const Flow* running() const noexcept { return running_; }
  const StackPool& stacks() const noexcept { return stacks_; }

 private:
  friend class Flow;
  friend class LogGPOperation;

  /// One direction of a link serves whoever comes, be it the first link of his way or the last.
  struct PortState {
    double free = 0;  ///< from here on
    double per_byte = 0;
    Arrivals arrivals;  ///< that have not had their turn
  };

  /// When the first byte of a message is at the port it enters by, and when its last byte is in.
  struct Flight {
    double head, end;
  };

  // ---- operations and timers, recycled
  LogGPOperation& spare_operation() {
    if (!spare_operations_) make_operations();
    Pending& spare = *std::exchange(spare_operations_, spare_operations_->other);
    return static_cast<LogGPOperation&>(spare);
  }
  void make_operations();
  void recycle(LogGPOperation& operation) noexcept {
    if (over_) return;  // it may still be linked somewhere
    operation.in_use = false;
    operation.other = std::exchange(spare_operations_, &operation);
  }
  void set_timer(double time, const Due& due);

  // ---- messages (message.cpp)
  void post_send(Pending& send) {
    if (Pending* const receive = other_side(send)) meet(send, *receive);
  }
  void post_eager_send(LogGPOperation& send);
  void post_receive(Pending& receive) {
    Pending* const send = other_side(receive);
    if (!send) return;
    if (!send->is.eager) return meet(*send, receive);
    send->other = &receive;
    receive.other = send;
    if (send->is.arrived) hand_over(*send, receive);
  }
  Pending* other_side(Pending& fresh) {
    Pending* const waiting = waiting_ahead(fresh);
    return waiting ? waiting : channels_.post(fresh);
  }
  void meet(Pending& send, Pending& receive);
  void begin_transfer(Pending& send);
  [[gnu::always_inline]] inline Flight leave(Pair& pair, std::size_t bytes, double start);
  void arrive(Pending& send);
  void commit(PortState& port, double time);
  [[gnu::always_inline]] inline void enter(PortState& port, std::uint8_t kind, std::size_t bytes,
                                           Flight& flight);
  inline void take_turn(PortState& port, Pending& send);
  void hand_over(Pending& send, Pending& receive);
  double gap_of(std::uint8_t kind) const noexcept { return overheads_[kind].gap.count(); }
  /// Of the processor, for one end of a message.
  double overhead(std::uint8_t kind, std::size_t bytes) const noexcept {
    return overheads_[kind].each.count() +
           static_cast<double>(bytes) * overheads_[kind].per_byte.count();
  }
  /// S: true of a message that does not wait for its receiver.
  bool leaves_at_once(Rank from, Rank to, std::size_t bytes) {
    if (!has_eager_) return false;
    const auto& limit = overheads_[pair_of(from, to).kind].eager_limit;
    return is_eager(bytes, limit.value_or(options_.eager_limit));
  }
  static std::exception_ptr too_long(Rank from, Rank to, std::size_t bytes, std::size_t room);
  void take_notice(Pending& receive);
  Pair& pair_of(Rank from, Rank to) {
    Pair* const known = ranks_[static_cast<std::size_t>(from)].pairs.find(to, pair_pool_);
    return known ? *known : new_pair(from, to);
  }
  [[gnu::noinline]] Pair& new_pair(Rank from, Rank to);
  Pair& add_pair(Rank from, Rank to);

  // ---- ahead of the clock (ahead.cpp)
  [[gnu::always_inline]] inline void receive_ahead(Flow& me);
  [[gnu::always_inline]] inline void send_ahead(Flow& me);
  [[gnu::always_inline]] inline void pass(Flow& sender, Flow& receiver, const Flow& me);
  void take_pair(Flow& sender, Rank receiver);
  void put_pair_back(Flow& sender);
  inline Pending* waiting_ahead(const Pending& fresh);
  void complete_ahead(Pending& pending, double end) noexcept;
  inline void go_on_ahead(Flow& flow) noexcept;
  void list(Neighbours& near) noexcept;
  inline Flow* next_ahead() noexcept;
  void find_neighbours() noexcept;

  // ---- flows (world.cpp)
  /// A rank's own.
  Flow& flow_of(Rank rank) const noexcept { return own_flows_[static_cast<std::size_t>(rank)]; }
  [[gnu::always_inline]] void complete(Pending& pending, Rank peer, std::size_t bytes) {
    pending.is.done = true;
    if (pending.is.is_for == Pending::For::ahead) [[unlikely]]
      return complete_ahead(pending, now_);
    if (pending.is.is_for == Pending::For::request)
      static_cast<LogGPOperation&>(pending).Operation::complete(peer, bytes, Seconds{now_});
    Flow& flow = *pending.flow;
    --flow.company_;
    if (flow.waits_for(pending)) wake(flow);
  }
  void fail(Pending& pending, Rank peer, std::exception_ptr error);
  void wake(Flow& flow) noexcept {
    ++flow.pauses_;
    flow.awaited_set_ = nullptr;
    flow.awaited_ = nullptr;
    make_ready(flow);
  }
  void make_ready(Flow& flow) noexcept { ready_.push(flow); }
  void wake_at(double time, Flow& flow) { set_timer(time, {.flow = &flow, .count = flow.pauses_}); }
  Flow& new_flow(Rank rank, Context context, Task task, LogGPOperation* spawned);
  static void run_flow(void* flow);
  void end_flow(Flow& flow, std::exception_ptr error);
  void block(Flow& flow);
  Flow* next_flow() {
    if (near_ || first_near_)
      if (Flow* const flow = next_ahead()) return flow;
    if (ready_.first()) {
      Flow& flow = ready_.pop();
      if (ready_.first()) fetch_flow(*ready_.first());
      return &flow;
    }
    return begin_moment();
  }
  void fetch_flow(const Flow& flow) const noexcept;
  /// Brings what will be looked at of another's exchange into the cache.
  void fetch_exchange(Rank of) const noexcept {
    const auto* const exchange = reinterpret_cast<const std::byte*>(&flow_of(of).exchange_);
    for (std::size_t i = 0; i < sizeof(Exchange); i += 64) __builtin_prefetch(exchange + i);
  }
  Flow* begin_moment();
  void happen(Event& event);
  void timer_rings(Timer& timer);
  static bool is_obsolete(const Event& event) noexcept;
  void switch_to(Flow& from, Flow* to) {
    if (!from.fiber_.is_intact()) [[unlikely]]
      report_overflow(from.fiber());
    if (to) running_ = to;
    Fiber::switch_to(from.fiber_, to ? to->fiber_ : own_);
  }
  void stop_all_flows();

  // ---- kernels (kernel.cpp)
  void find_shared_cores();
  bool shares_cores(Rank rank) const noexcept {
    return !cores_of_rank_.empty() && cores_of_rank_[static_cast<std::size_t>(rank)];
  }
  Charge charge_of(Flow& flow, const Kernel& kernel) const;
  inline double count_kernel(Flow& flow, const Charge& charged) noexcept;
  inline double spend_kernel(Flow& flow, const Charge& charged) noexcept;
  Charge run_kernel(Flow& flow, const Kernel& kernel, std::exception_ptr& error);
  void start_kernel(Flow& flow, Pending& pending, const Kernel& kernel);
  void end_kernel(Pending& kernel);
  void begin_shared_kernel(Flow& flow);
  void plan(SharedCores& cores);
  void shared_kernel_ends(SharedCores& cores);

  // ---- at the end (result.cpp)
  Standstill standstill() const;
  double latest() const;
  std::vector<UnmatchedMessage> unmatched() const;

  const Network& network_;
  const std::vector<Seat>& seats_;
  const int size_;
  const Options& options_;
  std::vector<Overheads> overheads_;  // by kind of pair; as far as there are such pairs
  const bool has_overheads_, has_eager_, has_jitter_, scales_by_size_;
  /// Where messages come when they are expected, and processors have nothing to do with them.
  const bool runs_ahead_;
  double now_ = 0;
  bool over_ = false;

  Agenda agenda_;
  ReadyFlows<Flow, &Flow::next_ready_> ready_;
  Flow* running_ = nullptr;
  std::vector<Neighbours> neighbours_;
  Neighbours *first_near_ = nullptr, *near_ = nullptr;
  /// Visits of neighbours, and how often it was looked who they are: next after so many visits.
  std::uint64_t visits_ = 0, looks_ = 0, next_look_ = 0;
  static constexpr std::uint64_t most_rounds_between_looks = 64;
  std::vector<RankState> ranks_;
  PairPool pair_pool_;
  std::vector<PortState> ports_;
  Counters counters_;
  std::vector<Slowness> slowness_;  // where there is jitter
  std::vector<std::unique_ptr<SharedCores>> shared_cores_;
  std::vector<SharedCores*> cores_of_rank_;  // empty, or by rank; null where it need not share
  Channels channels_;
  std::uint64_t transfers_ = 0;

  static constexpr std::size_t slab_size = 256;
  std::vector<std::unique_ptr<LogGPOperation[]>> operations_;  // slabs
  Pending* spare_operations_ = nullptr;
  std::vector<std::unique_ptr<Timer>> timers_;
  std::vector<Timer*> spare_timers_;

  StackPool stacks_;
  Fiber own_;  // the thread's stack
  WorkOutside outside_;
  Row<Flow> own_flows_;  // of the ranks
  std::vector<std::unique_ptr<Flow>> spawned_flows_;
  std::vector<Flow*> flows_;        // the ranks' own first; then spawned ones
  std::vector<Flow*> spare_flows_;  // among these, ended
  std::size_t alive_ = 0;
  Failures failures_;
};

double Flow::time() const noexcept { return std::max(clock_, world_.now_); }
bool Flow::goes_ahead() const noexcept { return world_.runs_ahead_ && is_alone(); }
void Flow::catch_up() {
  if (clock_ > world_.now_) [[unlikely]]
    sleep_until(clock_);
}

}  // namespace troupe::sim::loggp
