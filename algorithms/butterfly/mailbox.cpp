#include "algorithms/butterfly/mailbox.hpp"

#include <algorithm>
#include <utility>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag post_tag{2};  // a value; nothing: this was all

}  // namespace

Mailbox::Mailbox(Communicator& comm, const TrainingProblem& problem, std::size_t size,
                 std::span<const Rank> peers, bool in_turn)
    : comm_{comm}, in_turn_{in_turn} {
  EXPECTS(size > 0, "an empty message says that a peer has ended");
  for (const Rank peer : peers) {
    Line& line = lines_[peer];
    line.peer = peer;
    line.index = 2 * by_index_.size();
    for (Buffer* buffer : {&line.incoming, &line.latest, &line.outgoing})
      *buffer = make_buffer(problem, size);
    by_index_.push_back(&line);
    post(line);
  }
}

void Mailbox::post(Line& line) {
  requests_.put(line.index, comm_.irecv(line.peer, post_tag, line.incoming.slice()));
}

void Mailbox::take(Line& line) {
  std::swap(line.incoming, line.latest);
  line.waiting = false;
  line.known = true;
  line.came = clock_;
  post(line);
}

bool Mailbox::progress(Seconds until) {
  if (requests_.empty()) return false;
  const std::size_t before = requests_.size();
  try {
    const auto done = comm_.wait_any(requests_, until);
    if (!done) return false;
    Line& line = *by_index_[done->index / 2];
    if (done->index == line.index) {
      if (done->bytes == 0) line.ended = true;
      else line.waiting = true;
      if (line.waiting && !in_turn_) take(line);
    }
  } catch (const PeerLost&) {
    if (requests_.size() == before) throw;  // no request has failed: this rank is lost itself
    // The request that failed is no longer active; that of a receive tells whose it was.
    for (Line* line : by_index_)
      if (!requests_.active(line->index) && !line->waiting && !line->ended)
        line->lost = line->ended = true;
  }
  return true;
}

bool Mailbox::send(Rank peer, ConstSlice x) {
  Line& to = line(peer);
  while (in_turn_ && requests_.active(to.index + 1)) progress(forever);
  if (to.lost || requests_.active(to.index + 1)) return false;
  compute(comm_, Copy{to.outgoing, x});
  requests_.put(to.index + 1, comm_.isend(peer, post_tag, to.outgoing.slice()));
  return true;
}

void Mailbox::listen(std::int64_t step) {
  clock_ = step;
  while (progress(comm_.now())) {
  }
}

void Mailbox::listen_for(Rank peer, std::int64_t age, Seconds until) {
  while (!has(peer, age) && !line(peer).ended && progress(until)) {
  }
}

bool Mailbox::next(Rank peer) {
  Line& from = line(peer);
  while (!from.waiting && !from.ended) progress(forever);
  if (!from.waiting) return false;
  take(from);
  return true;
}

bool Mailbox::has(Rank peer, std::int64_t age) const {
  const Line& from = line(peer);
  return from.known && clock_ - from.came <= age;
}

std::int64_t Mailbox::age(Rank peer) const {
  EXPECTS(line(peer).known, "the age is that of a value");
  return clock_ - line(peer).came;
}

bool Mailbox::is_alone() const {
  return !by_index_.empty() &&
         std::ranges::all_of(by_index_, [](const Line* line) { return line->ended; });
}

std::int64_t Mailbox::close() {
  std::int64_t dropped = 0;
  in_turn_ = true;  // what comes from now on waits to be dropped
  std::size_t untold = by_index_.size();
  std::vector<bool> is_told(untold, false);
  while (true) {
    for (std::size_t i = 0; i < by_index_.size(); ++i) {
      Line& line = *by_index_[i];
      if (line.waiting) {
        ++dropped;
        line.waiting = false;
        post(line);
      }
      if (is_told[i] || requests_.active(line.index + 1)) continue;
      is_told[i] = true;
      --untold;
      const Slice nothing = line.outgoing.slice().first(0);
      if (!line.lost) requests_.put(line.index + 1, comm_.isend(line.peer, post_tag, nothing));
    }
    if (untold == 0 && requests_.empty()) return dropped;
    progress(forever);
  }
}

}  // namespace troupe::algorithms
