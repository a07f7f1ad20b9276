#pragma once
// Bytes on their way between two hosts of SimGrid's platform.

#include <deque>
#include <functional>
#include <vector>

#include <simgrid/s4u.hpp>

namespace troupe::sim::simgrid_world {

namespace s4u = ::simgrid::s4u;
class SimOperation;

/// A message's bytes under way, or spare: kept for the next message of the same pair of ranks.
struct Transfer {
  s4u::CommPtr comm;
  SimOperation* send = nullptr;  ///< null once nobody wants to hear of it
  std::size_t pair = 0;
  bool has_failed = false;  ///< a link or host on the way did
  // Of a spare one: what was given back just before and after it, and next of its pair.
  Transfer *older = nullptr, *newer = nullptr, *next_of_pair = nullptr;
};

/// Starts transfers, tells when they end, and starts them again for the next message of the pair.
/// That is what makes SimGrid fast here: nothing is allocated, and SimGrid 3.32 searches a list of
/// all communications between hosts when one of them ends for the first time, later an empty one.
/// Only to be used between events of SimGrid, outside of actors.
class Transfers {
 public:
  /// `on_end` is called whenever a transfer ends, while SimGrid still looks after its other events:
  /// it is too early then to start anything. At most `most_spare` are kept, those used last.
  Transfers(std::size_t most_spare, std::function<void(Transfer&)> on_end);

  const s4u::Comm& start(SimOperation& send, s4u::Host& from, s4u::Host& to);
  /// It has ended and may be used again.
  void give_back(Transfer& transfer);
  /// Stops all that move bytes which `concerns` says yes to; nobody hears of them again.
  void cancel(const std::function<bool(const SimOperation&)>& concerns);

 private:
  struct Pair {
    Transfer *first = nullptr, *last = nullptr;  // spare, the one given back first in front
  };
  Transfer& make(s4u::Host& from, s4u::Host& to, std::size_t pair);
  void take_out(Transfer& first_of_pair);

  std::size_t most_spare_;
  std::function<void(Transfer&)> on_end_;
  std::deque<Transfer> transfers_;
  std::vector<Transfer*> empty_;  // without a communication
  std::vector<Pair> pairs_;
  Transfer *oldest_ = nullptr, *newest_ = nullptr;  // of the spare ones
  std::size_t spare_ = 0;
};

}  // namespace troupe::sim::simgrid_world
