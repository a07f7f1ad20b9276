#pragma once
// Messages of one pair of ranks under way together, where each pair has one connection.

#include <deque>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <simgrid/s4u.hpp>

#include "platforms/facts.hpp"

namespace troupe::sim::simgrid_world {

namespace s4u = ::simgrid::s4u;
class SimOperation;

/// What is sent from one rank to another goes over one connection, as with MPI over TCP: the bytes
/// of a message follow those of the message before, while latencies pass side by side. SimGrid
/// itself would let both share the cable, and neither arrive before both nearly have.
///
/// A message's first byte needs the latency of its route; it is through when all bytes before it
/// are. SimGrid charges the latency of a transfer when that starts, which is too late for a message
/// that has waited. So the latencies are charged here, and while this exists the links have none.
/// Then SimGrid gives flows that meet equal shares, whatever their routes.
class Connections {
 public:
  /// Takes the engine's links their latencies, until it is destroyed. `start` is called when a
  /// message's bytes are to move, outside of SimGrid's events; next() is to be called once they
  /// have moved, or will not.
  Connections(platforms::NetworkModel network, std::function<void(SimOperation&)> start);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// A message sets out. `send.pair` says which connection is its own.
  void send(SimOperation& send, const s4u::Host& from, const s4u::Host& to);
  /// What the pair's connection carried has arrived, or will not.
  void next(std::size_t pair);
  /// Forgets messages that `concerns` says yes to and whose bytes have not begun to move.
  void cancel(const std::function<bool(const SimOperation&)>& concerns);

 private:
  struct Waiting {
    SimOperation* send;
    double first_byte;  // when it may be there at the earliest
  };
  struct Connection {
    double latency = -1;  // of the route; below 0: not yet known
    bool busy = false;    // carries a message, or waits for the first byte of the next
    std::deque<Waiting> waiting;
  };
  double latency_of(const s4u::Host& from, const s4u::Host& to) const;
  void proceed(Connection& connection);
  void start_first(Connection& connection);

  platforms::NetworkModel network_;
  std::function<void(SimOperation&)> start_;
  std::unordered_map<const s4u::Link*, double> latencies_;
  std::deque<Connection> connections_;  // by pair
};

}  // namespace troupe::sim::simgrid_world
