#include "real_backend/mpi/engine.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>
#include <variant>

#include "core/standstill.hpp"
#include "core/text.hpp"

namespace troupe::mpi {

// ---- flows

/// A spawned flow: its task on a stack of its own, and the request that ends with it.
class Flow final : public Operation {
 public:
  /// `lane`: null without an accelerator.
  Flow(Engine& engine, Context context, Task task, Lane* lane, std::uint64_t sequence)
      : engine_{engine},
        comm_{engine, context},
        task_{std::move(task)},
        lane_{lane},
        fiber_{engine.stacks_, [this] { run(); }} {
    renew(sequence);
  }
  /// True if it could go on now.
  bool runnable() const { return !fiber_.finished() && (!waiting_ || engine_.over(*waiting_)); }
  const Engine::Waiting* waiting() const noexcept { return waiting_; }
  Context context() const { return comm_.context(); }
  Lane* lane() const noexcept { return lane_; }
  /// Called on the rank's own flow.
  void resume() {
    engine_.current_ = this;
    if (lane_) engine_.lanes_->enter(*lane_);
    fiber_.resume();
    engine_.current_ = nullptr;
    if (fiber_.finished()) task_ = nullptr;
    if (lane_) engine_.lanes_->enter(engine_.lanes_->root());
    if (!fiber_.finished()) return;
    if (lane_) engine_.lanes_->give_back(*lane_);
    --engine_.running_flows_;
    if (error_) fail(engine_.rank_, std::exchange(error_, nullptr), engine_.clock_.now());
    else complete(engine_.rank_, 0, engine_.clock_.now());
  }
  void suspend(const Engine::Waiting& waiting) {
    waiting_ = &waiting;
    fiber_.suspend();
    waiting_ = nullptr;
  }

 private:
  void run() {
    try {
      task_(comm_);
    } catch (const boost::context::detail::forced_unwind&) {
      throw;  // the fiber is destroyed before its end
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  void abandon() noexcept override {
    if (!is_done()) engine_.wait_until_done(*this);
  }
  void retire() noexcept override {
    std::erase_if(engine_.flows_, [this](const auto& flow) { return flow.get() == this; });
  }

  Engine& engine_;
  FlowCommunicator comm_;
  Task task_;
  Lane* lane_;
  std::exception_ptr error_;
  const Engine::Waiting* waiting_ = nullptr;
  Fiber fiber_;
};

// ---- the port

namespace {
/// While it lives, this rank moves messages.
class Moving {
 public:
  Moving(const Clock& clock, Activity& activity)
      : clock_{clock}, activity_{activity}, since_{clock.now()} {}
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;
  ~Moving() { activity_.communicating += clock_.now() - since_; }

 private:
  const Clock& clock_;
  Activity& activity_;
  Seconds since_;
};
}  // namespace

Rank FlowCommunicator::rank() const { return engine_.rank_; }
int FlowCommunicator::size() const { return engine_.size_; }
Seconds FlowCommunicator::now() const { return engine_.now(); }

Request FlowCommunicator::isend(Rank to, Tag tag, ConstPayload payload) {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the communicator");
  const Moving moving{engine_.clock_, engine_.activity_};
  const Tag name = placed(tag);
  engine_.order(payload, false);
  engine_.signal(to);
  return Request{engine_.messages_.send(to, name, payload, engine_.lane(), engine_.sequence_++)};
}
Request FlowCommunicator::irecv(Rank from, Tag tag, Payload room) {
  EXPECTS((from == any_rank) == tag.is_open(),
          "a receive takes from any rank if and only if its tag is open");
  EXPECTS(from == any_rank || (0 <= from && from < size()),
          "a message comes from a rank of the communicator");
  const Moving moving{engine_.clock_, engine_.activity_};
  const Tag name = placed(tag);
  engine_.order(room, true);
  return Request{engine_.messages_.receive(from, name, room, engine_.lane(), engine_.sequence_++)};
}
Request FlowCommunicator::start(Kernel kernel) { return engine_.start(std::move(kernel)); }
Request FlowCommunicator::spawn(Task task) {
  return engine_.spawn(context_.spawned(spawned_++), std::move(task));
}
std::optional<Completion> FlowCommunicator::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "something must be waited for");
  if (set.has_ready()) {
    engine_.breathe();
  } else {
    engine_.block({.set = &set, .operation = nullptr, .until = until});
    if (!set.has_ready()) return std::nullopt;
  }
  return set.take_ready();
}

// ---- starting

Engine::Engine(Messages::Comms comms, MPI_Comm standstills, const Options& options, Voice voice,
               Activity& activity)
    : options_{options},
      voice_{std::move(voice)},
      activity_{activity},
      messages_{comms, options_, clock_, *this, activity_},
      stacks_{options.flow_stack},
      notice_after_{options.standstill_notice},
      vote_{standstills, options.standstill_notice},
      root_{*this, Context{}} {
  EXPECTS(!options.wait_inside_mpi ||
              (options.progress == Progress::none && options.receive == Receive::posted),
          "waiting inside MPI goes with Progress::none and Receive::posted");
  EXPECTS(!options.accelerator || options.receive == Receive::probed,
          "an accelerator goes with Receive::probed");
  check_call(MPI_Comm_rank(comms.addressed, &rank_), "MPI_Comm_rank");
  check_call(MPI_Comm_size(comms.addressed, &size_), "MPI_Comm_size");
  if (!options.accelerator) return;
  lanes_.emplace(*options.accelerator);
  lanes_->enter(lanes_->root());
}
Engine::~Engine() = default;

Lane* Engine::lane() noexcept {
  if (!lanes_) return nullptr;
  return current_ ? current_->lane() : &lanes_->root();
}

Seconds Engine::busy_time(const Kernel& kernel) const {
  if (!is_phantom(kernel)) return Seconds{};
  const Work amount = work(kernel);
  Seconds time{};
  if (options_.phantom_speed.value > 0) time = amount.flops / options_.phantom_speed;
  if (options_.phantom_bandwidth.value > 0)
    time = std::max(time, amount.bytes / options_.phantom_bandwidth);
  return time + options_.phantom_launch;
}
bool Engine::runs_at_issue(const Kernel& kernel, Seconds busy) const {
  if (options_.progress == Progress::none) return true;
  if (!worker_.idle()) return false;
  if (is_phantom(kernel)) return busy <= Seconds{};
  const Work amount = work(kernel);
  return !std::holds_alternative<Opaque>(kernel) && amount.bytes.value <= options_.run_at_issue &&
         amount.flops.value <= static_cast<double>(options_.run_at_issue);
}
Request Engine::start(Kernel kernel) {
  check(kernel);
  if (Lane* const own = lane(); own && is_for_device(kernel)) return start_on(*own, kernel);
  const Seconds busy = busy_time(kernel);
  const bool at_issue = runs_at_issue(kernel, busy);
  ++activity_.kernels;
  activity_.flops += work(kernel).flops;
  auto operation = std::make_unique<KernelOperation>(std::move(kernel), busy, sequence_++, *this);
  if (at_issue) {
    operation->run();
    finish(*operation);
    computed_ = true;
  } else {
    worker_.submit(*operation);
  }
  return Request{*operation.release()};
}
void Engine::finish(KernelOperation& operation) {
  activity_.computing += operation.took();
  operation.finish(rank_, clock_.now());
}
Request Engine::spawn(Context context, Task task) {
  Lane* const own = lanes_ ? &lanes_->take(*lane()) : nullptr;
  flows_.push_back(std::make_unique<Flow>(*this, context, std::move(task), own, sequence_++));
  ++running_flows_;
  return Request{*flows_.back()};
}

// ---- waiting

bool Engine::over(const Waiting& waiting) const {
  return (waiting.set && waiting.set->has_ready()) ||
         (waiting.operation && waiting.operation->is_done()) ||
         (waiting.until < forever && clock_.now() >= waiting.until);
}

void Engine::block(const Waiting& waiting) {
  unbroken_ = 0;
  if (current_) {
    current_->suspend(waiting);
    return;
  }
  move_on();
  do {
    // Not an "or" that skips: both must have their turn.
    const bool polled = attend([this] { return poll(); }), resumed = resume_flows();
    if (over(waiting)) return;
    if (polled || resumed) {
      move_on();
    } else {
      stand_still(waiting);
      attend([&] { return idle(earliest_deadline(waiting.until)), false; });
    }
  } while (true);
}

/// Calls `action`, which returns whether it moved anything, and counts its time: as computing while
/// the accelerator does; not while the worker computes, which counts its own.
template <class Action>
bool Engine::attend(const Action& action) {
  const bool computing = !worker_.idle(), launched = lanes_ && lanes_->busy();
  const Seconds since = clock_.now();
  const bool moved = action();
  const Seconds took = clock_.now() - since;
  if (computing) return moved;
  if (launched) activity_.computing += took;
  else (moved || messages_.receiving() ? activity_.communicating : activity_.waiting) += took;
  return moved;
}

void Engine::say_what_it_waits_for(const Waiting& waiting) {
  std::string text = "nothing has moved here for " + to_text(backoff_.waited(clock_.now()));
  text += "\n  " + to_text(BlockedFlow{rank_, Context{}, waits_of(waiting)});
  for (const auto& flow : flows_)
    if (flow->waiting())
      text += "\n  " + to_text(BlockedFlow{rank_, flow->context(), waits_of(*flow->waiting())});
  voice_.notice(text);
  has_said_ = true;
}
std::vector<std::string> Engine::waits_of(const Waiting& waiting) const {
  const auto asked = [&](const Operation& operation) {
    return waiting.operation == &operation || (waiting.set && operation.wait_set() == waiting.set);
  };
  std::vector<std::string> waits = messages_.waits(asked);
  for (const auto& flow : flows_)
    if (!flow->is_done() && asked(*flow)) waits.push_back(waits_for_flow(flow->context()));
  return waits;
}

void Engine::breathe() {
  constexpr int often_enough = 16;
  if (options_.wait_inside_mpi && running_flows_ == 0) return;
  if (!computed_ && ++unbroken_ < often_enough) return;
  unbroken_ = 0;
  computed_ = false;
  if (current_) {
    current_->suspend({.set = nullptr, .operation = nullptr, .until = at_once});
  } else {
    poll();
    resume_flows();
  }
}

bool Engine::poll() {
  bool some = !options_.wait_inside_mpi && messages_.poll();
  if (!worker_.idle()) {
    for (KernelOperation* const operation : worker_.take_computed()) {
      finish(*operation);
      some = true;
    }
  }
  if (lanes_)
    some |= lanes_->poll([this](DeviceKernel& ended) { ended.finish(rank_, clock_.now()); });
  return some;
}

bool Engine::resume_flows() {
  bool some = false;
  // By index: a flow may spawn others, and retire those it waited for.
  for (std::size_t i = 0; running_flows_ > 0 && i < flows_.size(); ++i) {
    Flow& flow = *flows_[i];
    if (!flow.runnable()) continue;
    flow.resume();
    some = true;
  }
  return some;
}

Seconds Engine::earliest_deadline(Seconds until) const {
  for (const auto& flow : flows_)
    if (flow->waiting()) until = std::min(until, flow->waiting()->until);
  return until;
}

void Engine::idle(Seconds until) {
  const Seconds left = until - clock_.now();
  if (lanes_ && lanes_->busy()) {
    std::this_thread::yield();  // a kernel of a device takes less than a sleep
  } else if (!messages_.pending()) {
    if (!worker_.idle()) {
      worker_.wait_computed(left);
    } else {
      EXPECTS(until < forever, "a rank that waits has something to wait for");
      std::this_thread::sleep_for(std::clamp(left, Seconds{}, Seconds{1e-3}));
    }
  } else if (options_.wait_inside_mpi) {
    messages_.wait();
  } else {
    const Seconds pause = backoff_.next(clock_.now());
    if (pause <= Seconds{} || messages_.moving()) std::this_thread::yield();
    else if (!worker_.idle()) worker_.wait_computed(std::min(pause, left));
    else std::this_thread::sleep_for(std::min(pause, left));
  }
}

Seconds Backoff::next(Seconds now) {
  constexpr Seconds yielding{10e-3}, longest{200e-6};
  if (fresh_) since_ = now;
  fresh_ = false;
  const Seconds waited = now - since_;
  return waited < yielding ? Seconds{} : std::min(waited / 100, longest);
}

void Engine::wait_until_done(const Operation& operation) noexcept {
  try {
    const bool leaving = std::uncaught_exceptions() > 0;
    block({.set = nullptr,
           .operation = &operation,
           .until = leaving ? clock_.now() + options_.patience : forever});
    if (!operation.is_done())
      voice_.abort(
          "an exception leaves the program, and what it had started does not end: its peers may "
          "be waiting for this rank");
  } catch (const std::exception& error) {
    voice_.abort(error.what());
  }
}

}  // namespace troupe::mpi
