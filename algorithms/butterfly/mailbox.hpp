#pragma once
// Values that ranks send each other without waiting: of each peer the last one received, and how
// old it is. One message at most is on its way from a rank to a peer; what would overtake it is not
// sent. Nobody is held up by a slow peer, or by one that is lost.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

class Mailbox {
 public:
  /// Vectors of `size` values, at least 1, exchanged with `peers`. In turn: a value stays until it
  /// is taken by next(), so that what is read does not depend on when it came.
  Mailbox(Communicator& comm, const TrainingProblem& problem, std::size_t size,
          std::span<const Rank> peers, bool in_turn);

  /// Sends a copy of x, unless the last one is still on its way; in turn it waits for that one. To
  /// a lost peer nothing is sent. True if it was sent.
  bool send(Rank peer, ConstSlice x);
  /// Takes in whatever has come by now. `step` is this rank's clock from now on.
  void listen(std::int64_t step);
  /// Takes in what comes, until the peer's value is no older than `age` or the time has come.
  void listen_for(Rank peer, std::int64_t age, Seconds until);
  /// In turn: waits for the next value of the peer. False if the peer has ended before.
  bool next(Rank peer);

  /// True if a value has been received and is no older than so many of this rank's steps.
  bool has(Rank peer, std::int64_t age) const;
  /// Steps of this rank since the value came. EXPECTS one.
  std::int64_t age(Rank peer) const;
  ConstSlice value(Rank peer) const { return line(peer).latest.slice(); }
  /// True if there are peers and all of them have ended, well or not.
  bool is_alone() const;
  /// True if a peer has failed.
  bool lost(Rank peer) const { return line(peer).lost; }

  /// Tells all peers that this was all, and waits until all have said so; what comes until then is
  /// dropped and counted.
  std::int64_t close();

 private:
  struct Line {
    Rank peer = 0;
    std::size_t index = 0;  // of its receive among the requests; that of its send follows
    Buffer incoming, latest, outgoing;
    std::int64_t came = 0;  // on this rank's clock
    bool known = false, waiting = false, ended = false, lost = false;
  };
  Line& line(Rank peer) { return lines_.at(peer); }
  const Line& line(Rank peer) const { return lines_.at(peer); }
  void post(Line& line);
  void take(Line& line);
  /// Waits for one request; false at the deadline.
  bool progress(Seconds until);

  Communicator& comm_;
  bool in_turn_;
  std::map<Rank, Line> lines_;
  std::vector<Line*> by_index_;
  WaitSet requests_;
  std::int64_t clock_ = 0;
};

}  // namespace troupe::algorithms
