#include "core/faulty.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/matching.hpp"
#include "core/random.hpp"

namespace troupe {

/// Every request of the decorator is an operation of its own, which ends when the requests behind
/// it have completed or when a timer says so. One flow uses all of it; there is no lock.
class FaultyCommunicator::Engine {
 public:
  Engine(Communicator& comm, FaultyOptions options)
      : comm_{comm},
        options_{std::move(options)},
        random_{SplitMix64::of_rank(options_.seed ^ SplitMix64::finalised(comm.context().path()),
                                    comm.rank())} {}

  Request isend(Rank to, Tag tag, ConstPayload payload);
  Request irecv(Rank from, Tag tag, Payload room);
  Request adopt(Request inner);
  std::optional<Completion> wait_any(WaitSet& set, Seconds until);

  const FaultyOptions& options() const { return options_; }
  void expect_alive() const;

 private:
  class FaultyOperation;
  using Timers = std::multimap<Seconds, FaultyOperation*>;

  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(comm_.context()); }
  /// Acknowledgements run in a context of their own; open tags have another one, because there the
  /// same name is another tag.
  Tag acknowledgement(Tag tag) const {
    return Tag{tag.name()}.at(tag.step()).in(placed(tag).context().subset(tag.is_open() ? 14 : 15));
  }
  bool is_doomed(Rank rank) const {
    return std::ranges::find(options_.dead, rank) != options_.dead.end();
  }
  bool is_dead(Rank rank) const { return is_doomed(rank) && comm_.now() >= options_.death; }
  Seconds give_up_at() const { return std::max(comm_.now(), options_.death) + options_.patience; }
  Seconds release_time(const MatchKey& key);

  void track(FaultyOperation& operation, Request inner);
  void launch(FaultyOperation& operation);
  void set_timer(FaultyOperation& operation, Seconds at);
  void end(FaultyOperation& operation, Rank peer, std::size_t bytes, std::exception_ptr error);
  void release(FaultyOperation& operation);
  void finish_or_forget(FaultyOperation& operation) noexcept;
  void fire_timers();
  bool drive(Seconds until);
  void inner_completed(const Completion& completion);
  void inner_failed(std::exception_ptr error);
  void acknowledge(const FaultyOperation& operation, Rank sender);

  Communicator& comm_;
  const FaultyOptions options_;
  SplitMix64 random_;
  std::uint64_t issued_ = 0;
  WaitSet inner_;                          // requests of comm_
  WaitSet forsaken_;                       // sends to dead ranks that were under way before
  std::vector<FaultyOperation*> owners_;   // by index in inner_
  std::vector<std::size_t> free_indices_;  // of inner_
  Timers timers_;                          // releases of held messages, and losses of patience
  std::unordered_map<MatchKey, Seconds, MatchKey::Hash> last_release_;
};

class FaultyCommunicator::Engine::FaultyOperation final : public Operation {
 public:
  enum class Kind : std::uint8_t { send, receive, other };
  FaultyOperation(Engine& owner, Kind what, std::uint64_t sequence) : engine{owner}, kind{what} {
    renew(sequence);
  }
  void abandon() noexcept override { engine.finish_or_forget(*this); }
  void retire() noexcept override { delete this; }

  Engine& engine;
  const Kind kind;
  Rank peer = any_rank;
  Tag tag{0};
  ConstPayload payload;            // of a send that is held back
  bool is_held = false;            // a send whose timer releases it
  std::vector<std::size_t> inner;  // indices of what it waits for
  Completion found;                // of the inner request that carries the message
  Timers::iterator timer{};
  bool has_timer = false;
};

// ---- issuing

void FaultyCommunicator::Engine::expect_alive() const {
  if (is_dead(comm_.rank()))
    throw PeerLost{"rank " + std::to_string(comm_.rank()) + " is dead, as the faults demand"};
}

/// Never before an earlier message of the same key.
Seconds FaultyCommunicator::Engine::release_time(const MatchKey& key) {
  const Seconds now = comm_.now(), drawn = now + options_.longest_delay * random_.u01();
  if (last_release_.size() > 1000)
    std::erase_if(last_release_, [&](const auto& entry) { return entry.second < now; });
  Seconds& last = last_release_[key];
  return last = std::max(last, drawn);
}

Request FaultyCommunicator::Engine::isend(Rank to, Tag tag, ConstPayload payload) {
  auto& operation = *new FaultyOperation{*this, FaultyOperation::Kind::send, issued_++};
  Request request{operation};
  operation.peer = to;
  operation.tag = tag;
  operation.payload = payload;
  const bool is_lost = options_.loss > 0 && random_.u01() < options_.loss;
  if (is_dead(to)) {
    set_timer(operation, give_up_at());
  } else if (is_lost) {
    end(operation, to, payload.bytes, nullptr);
  } else if (options_.longest_delay > Seconds{0}) {
    operation.is_held = true;
    set_timer(operation, release_time({comm_.rank(), to, placed(tag)}));
  } else {
    launch(operation);
  }
  return request;
}

void FaultyCommunicator::Engine::launch(FaultyOperation& operation) {
  operation.is_held = false;
  track(operation, comm_.isend(operation.peer, operation.tag, operation.payload));
  if (options_.rendezvous)
    track(operation, comm_.irecv(operation.peer, acknowledgement(operation.tag), Payload{}));
  if (is_doomed(operation.peer)) set_timer(operation, give_up_at());
}

Request FaultyCommunicator::Engine::irecv(Rank from, Tag tag, Payload room) {
  auto& operation = *new FaultyOperation{*this, FaultyOperation::Kind::receive, issued_++};
  Request request{operation};
  operation.peer = from;
  operation.tag = tag;
  track(operation, comm_.irecv(from, tag, room));
  if (is_doomed(from)) set_timer(operation, give_up_at());
  return request;
}

Request FaultyCommunicator::Engine::adopt(Request inner) {
  auto& operation = *new FaultyOperation{*this, FaultyOperation::Kind::other, issued_++};
  Request request{operation};
  operation.peer = comm_.rank();
  track(operation, std::move(inner));
  return request;
}

void FaultyCommunicator::Engine::track(FaultyOperation& operation, Request inner) {
  std::size_t index = owners_.size();
  if (free_indices_.empty()) owners_.push_back(nullptr);
  else {
    index = free_indices_.back();
    free_indices_.pop_back();
  }
  owners_[index] = &operation;
  inner_.put(index, std::move(inner));
  operation.inner.push_back(index);
}
void FaultyCommunicator::Engine::set_timer(FaultyOperation& operation, Seconds at) {
  operation.timer = timers_.emplace(at, &operation);
  operation.has_timer = true;
}

// ---- ending

/// Takes the operation out of everything that might still end it.
void FaultyCommunicator::Engine::release(FaultyOperation& operation) {
  if (std::exchange(operation.has_timer, false)) timers_.erase(operation.timer);
  for (const std::size_t index : operation.inner) {
    owners_[index] = nullptr;
    Request inner = inner_.take(index);
    // A send to a dead rank can neither end nor be cancelled: the backend keeps it.
    if (operation.kind == FaultyOperation::Kind::send && is_dead(operation.peer))
      forsaken_.add(std::move(inner));
    inner = Request{};
    free_indices_.push_back(index);
  }
  operation.inner.clear();
}
void FaultyCommunicator::Engine::end(FaultyOperation& operation, Rank peer, std::size_t bytes,
                                     std::exception_ptr error) {
  release(operation);
  if (error) operation.fail(peer, std::move(error), comm_.now());
  else operation.complete(peer, bytes, comm_.now());
}

void FaultyCommunicator::Engine::inner_completed(const Completion& completion) {
  FaultyOperation* const operation = std::exchange(owners_[completion.index], nullptr);
  free_indices_.push_back(completion.index);
  if (!operation) return;
  const bool carries_message =
      operation->inner.front() == completion.index && operation->found.from == any_rank;
  if (carries_message) operation->found = completion;
  std::erase(operation->inner, completion.index);
  acknowledge(*operation, completion.from);
  if (operation->inner.empty())
    end(*operation, operation->found.from, operation->found.bytes, nullptr);
}

/// Tells the sender that its message has been received, well or not.
void FaultyCommunicator::Engine::acknowledge(const FaultyOperation& operation, Rank sender) {
  if (!options_.rendezvous || operation.kind != FaultyOperation::Kind::receive) return;
  // The sender is listening or about to: dropping the request does not block for long.
  if (sender != any_rank)
    const Request dropped = comm_.isend(sender, acknowledgement(operation.tag), ConstPayload{});
}

/// A request of `inner_` failed and is gone; its index is not told, but it is no longer active.
void FaultyCommunicator::Engine::inner_failed(std::exception_ptr error) {
  for (std::size_t index = 0; index < owners_.size(); ++index) {
    FaultyOperation* const operation = owners_[index];
    if (!operation || inner_.active(index)) continue;
    owners_[index] = nullptr;
    free_indices_.push_back(index);
    std::erase(operation->inner, index);
    acknowledge(*operation, operation->peer);
    return end(*operation, operation->peer, 0, std::move(error));
  }
  std::rethrow_exception(error);  // the run itself has failed
}

void FaultyCommunicator::Engine::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first <= comm_.now()) {
    FaultyOperation& operation = *timers_.begin()->second;
    timers_.erase(operation.timer);
    operation.has_timer = false;
    if (operation.is_held) launch(operation);
    else
      end(operation, operation.peer, 0,
          std::make_exception_ptr(
              PeerLost{"rank " + std::to_string(operation.peer) + " does not answer"}));
  }
}

/// Waits until something behind an operation has ended, at most until `until`. True if it has.
bool FaultyCommunicator::Engine::drive(Seconds until) {
  if (inner_.empty()) {
    const Tag alarm = Tag{63}.in(comm_.context().subset(13));
    Request never = comm_.irecv(comm_.rank(), alarm, Payload{});
    wait_until(comm_, never, until);
    return false;
  }
  try {
    const std::optional<Completion> completion = comm_.wait_any(inner_, until);
    if (!completion) return false;
    inner_completed(*completion);
  } catch (...) {
    inner_failed(std::current_exception());
  }
  return true;
}

std::optional<Completion> FaultyCommunicator::Engine::wait_any(WaitSet& set, Seconds until) {
  for (;;) {
    expect_alive();
    fire_timers();
    if (set.has_ready()) return set.take_ready();
    const Seconds now = comm_.now();
    const bool is_last = now >= until;
    Seconds wake = is_last ? now : until;
    if (!is_last && !timers_.empty()) wake = std::min(wake, timers_.begin()->first);
    if (is_doomed(comm_.rank())) wake = std::min(wake, options_.death);
    if (!drive(wake) && is_last) return {};
  }
}

void FaultyCommunicator::Engine::finish_or_forget(FaultyOperation& operation) noexcept {
  try {
    // What has already completed behind it is a message that was received.
    while (!operation.is_done() && !inner_.empty() && drive(comm_.now()))
      ;
    if (operation.kind == FaultyOperation::Kind::receive || operation.is_done())
      return release(operation);
    if (is_dead(operation.peer) || is_dead(comm_.rank())) return release(operation);
    if (operation.is_held) {
      release(operation);
      launch(operation);
    }
    while (!operation.is_done() && !operation.inner.empty()) drive(forever);
  } catch (...) {
    // The run has failed: there is nothing to wait for.
  }
  release(operation);
}

// ---- FaultyCommunicator

FaultyCommunicator::FaultyCommunicator(Communicator& comm, FaultyOptions options)
    : ForwardingCommunicator{comm}, engine_{std::make_unique<Engine>(comm, std::move(options))} {}
FaultyCommunicator::~FaultyCommunicator() = default;

Request FaultyCommunicator::isend(Rank to, Tag tag, ConstPayload payload) {
  engine_->expect_alive();
  return engine_->isend(to, tag, payload);
}
Request FaultyCommunicator::irecv(Rank from, Tag tag, Payload room) {
  engine_->expect_alive();
  return engine_->irecv(from, tag, room);
}
Request FaultyCommunicator::start(Kernel kernel) {
  engine_->expect_alive();
  return engine_->adopt(inner().start(std::move(kernel)));
}
Request FaultyCommunicator::spawn(Task task) {
  engine_->expect_alive();
  return engine_->adopt(
      inner().spawn(decorated<FaultyCommunicator>(std::move(task), engine_->options())));
}
std::optional<Completion> FaultyCommunicator::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "there is at least one request to wait for");
  return engine_->wait_any(set, until);
}

}  // namespace troupe
