#include "algorithms/horovod/background.hpp"

#include <algorithm>
#include <span>

#include "algorithms/binomial_tree.hpp"

namespace troupe::algorithms::horovod {
namespace {

// In the context of the background flow; collectives have the tags below them.
constexpr Tag to_coordinator = Tag::open(62), from_coordinator{63};
constexpr std::size_t caller = 0, peers = 1;  // what is waited for

BinomialTree tree_of(const Communicator& comm) { return {comm.size(), comm.rank(), 0}; }

Letterbox letterbox(Communicator& comm) {
  if (comm.rank() == 0) return {comm, any_rank, to_coordinator};
  return {comm, tree_of(comm).parent(), from_coordinator};
}

Coordinator::Limits limits_of(const Options& options) {
  return {options.fusion_threshold, options.stall_warning, options.stall_limit};
}

}  // namespace

Background::Background(Communicator& flow, Context its_caller, Shared& shared)
    : shared_{shared},
      data_{flow, shared.data},
      control_{flow, shared.control},
      from_caller_{hand_over.in(its_caller)},
      to_caller_{hand_back.in(its_caller)},
      letters_{letterbox(control_)},
      outbox_{control_},
      coordinator_{flow.size(), limits_of(shared.options)} {}

/// The negotiation (Sergeev and Del Balso 2018, §4; Horovod's controller):
///
///   caller    x, y ─┐                     y, x ─┐
///                   │ a cycle             │ a cycle
///   rank r     ─────┴─ "x, y" ──┐    ─────┴─ "y, x" ──┐
///   rank 0     ─────────────────┴── x: 1 of 2 ─────────┴── "x and y, fused" ─→ down a binomial
///                                   y: 1 of 2                                  tree to all ranks
///   all ranks  ── Copy x, y into the buffer ── allreduce ── Copy back ── hand x, y back
///
///   an idle rank waits for messages only: no time passes in polling
void Background::run() {
  try {
    negotiate();
  } catch (const std::exception&) {
    shared_.failure = std::current_exception();
  }
  hand(nullptr);
  if (!leaving_) hear_the_caller_out();
  outbox_.wait_for_all();
}

/// After a failure: what the caller still hands over before it knows must find a receiver.
void Background::hear_the_caller_out() {
  { const Request forgotten = waits_.take(peers); }
  while (!leaving_) {
    if (!waits_.active(caller)) listen_to_caller();
    control_.wait_any(waits_);
    leaving_ = handed_->announcement.kind == Kind::leave;
  }
}

void Background::negotiate() {
  listen_to_caller();
  waits_.put(peers, letters_.listen());
  while (!ended_) {
    if (const auto message = control_.wait_any(waits_, next_deadline())) heard(*message);
    const Seconds now = control_.now();
    if (cycle_end_ && now >= *cycle_end_) announce_queued();
    if (is_coordinator()) tell_stalls();
    if (is_coordinator()) answer();
  }
}

void Background::heard(const Completion& message) {
  if (message.index == caller) {
    queued_.push_back(handed_);
    handed_->heard = control_.now();
    leaving_ |= handed_->announcement.kind == Kind::leave;
    if (!cycle_end_) cycle_end_ = control_.now() + shared_.options.cycle_time;
    if (!leaving_) listen_to_caller();
    return;
  }
  if (const auto letter = letters_.take(message)) receive(message.from, *letter);
  if (!ended_) waits_.put(peers, letters_.listen());
}

void Background::listen_to_caller() {
  waits_.put(caller, control_.irecv(control_.rank(), from_caller_, value(handed_)));
}

void Background::announce_queued() {
  std::vector<Announcement> announcements;
  for (Operation* operation : queued_) {
    const Announcement& what = operation->announcement;
    announcements.push_back(what);
    if (what.kind == Kind::join) joining_ = operation;
    else if (what.kind != Kind::leave) announced_[what.name] = operation;
  }
  queued_.clear();
  cycle_end_.reset();
  if (!is_coordinator()) return outbox_.send(0, to_coordinator, to_bytes(announcements));
  for (const Announcement& one : announcements) coordinator_.announce(0, one, control_.now());
}

void Background::receive(Rank from, const std::vector<std::byte>& letter) {
  if (!is_coordinator()) {
    tell_children(letter);
    return follow(responses_in(letter));
  }
  for (const Announcement& one : announcements_in(letter))
    coordinator_.announce(from, one, control_.now());
}

void Background::answer() {
  const auto responses = coordinator_.take_decided();
  if (responses.empty()) return;
  tell_children(to_bytes(responses));
  follow(responses);
}

void Background::tell_children(const std::vector<std::byte>& letter) {
  const BinomialTree tree = tree_of(control_);
  for (int distance = tree.reach / 2; distance > 0; distance /= 2)
    if (tree.has_child(distance))
      outbox_.send(tree.rank_at(tree.place + distance), from_coordinator, letter);
}

void Background::tell_stalls() {
  const Seconds now = control_.now();
  const auto overdue = coordinator_.overdue(now);
  if (shared_.options.on_stall) std::ranges::for_each(overdue, shared_.options.on_stall);
  coordinator_.give_up(now);
}

void Background::follow(const std::vector<Response>& responses) {
  const Seconds answered = control_.now();
  for (const Response& response : responses) follow(response, answered);
}

void Background::follow(const Response& response, Seconds answered) {
  if (response.what.kind == Kind::leave) {
    ended_ = true;
    return;
  }
  if (response.what.kind == Kind::join) {
    joining_->last_to_join = static_cast<Rank>(response.sizes.front());
    return hand(std::exchange(joining_, nullptr));
  }
  std::vector<Operation*> operations;
  std::vector<std::string> own;
  for (const std::string& name : response.names) {
    const auto at = announced_.find(name);
    operations.push_back(at == announced_.end() ? nullptr : at->second);
    if (at == announced_.end()) continue;
    tell_timeline(*at->second, answered);
    announced_.erase(at);
    own.push_back(name);
  }
  if (response.verdict == Verdict::perform) {
    PhaseWriter phases{control_, shared_.options.timeline, std::move(own)};
    perform(lines_, shared_.options, response, operations, phases);
    phases.end();
  }
  for (Operation* operation : operations) {
    if (operation) {
      operation->verdict = response.verdict;
      operation->reason = response.reason;
      hand(operation);
    } else if (response.verdict != Verdict::perform && shared_.lost.empty()) {
      shared_.lost = response.reason;
    }
  }
}

/// What is past when an operation's turn has come.
void Background::tell_timeline(const Operation& operation, Seconds answered) {
  Timeline* const timeline = shared_.options.timeline;
  if (!timeline) return;
  const Announcement& what = operation.announcement;
  timeline->add(
      {control_.rank(), what.name, "NEGOTIATE_" + phase_of(what.kind), operation.heard, answered});
  timeline->add({control_.rank(), what.name, "QUEUE", answered, control_.now()});
}

void Background::hand(Operation* operation) {
  outbox_.send(control_.rank(), to_caller_, std::as_bytes(std::span{&operation, 1}));
}

Seconds Background::next_deadline() const {
  const Seconds cycle = cycle_end_.value_or(forever);
  return is_coordinator() ? std::min(cycle, coordinator_.next_check()) : cycle;
}

}  // namespace troupe::algorithms::horovod
