#pragma once
// Messages under way together, where each pair of ranks has one connection.

#include <deque>
#include <functional>
#include <unordered_map>
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
/// A card sends at its own rate; where the cables behind it carry less, bytes queue there, and are
/// served in order of arrival: what comes later waits for what is queued, and of two connections
/// that come in together, each gets a share like the rate at which it comes. A link that both ways
/// share has a queue at either end, and none of its own.
///
/// A message's first byte needs the latency of its route. SimGrid charges that when a transfer
/// starts, too late for a message that has waited. So latencies are charged here, and while this
/// exists links have none, but for a picosecond or so of each card by which SimGrid weighs flows.
class Connections {
 public:
  /// Says what carries a message's bytes from now on, if anything. Called outside of SimGrid's
  /// events.
  using Start = std::function<const s4u::Comm*(SimOperation&)>;

  /// Takes the engine's links their latencies, until it is destroyed.
  Connections(platforms::NetworkModel network, Start start);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// A message sets out. `send.pair` says which connection is its own.
  void send(SimOperation& send, const s4u::Host& from, const s4u::Host& to);
  /// What the pair's connection carried has arrived, or will not.
  void next(std::size_t pair) { proceed(connections_[pair]); }
  /// Forgets messages that `concerns` says yes to and whose bytes have not begun to move.
  void cancel(const std::function<bool(const SimOperation&)>& concerns);

 private:
  struct Waiting {
    SimOperation* send;
    double first_byte;  // when it may be there at the earliest
  };
  struct Connection {
    std::vector<s4u::Link*> queues;  // on its route: the sender's card, and those behind it
    double latency = -1;             // of the route; below 0: it is not yet known
    std::deque<Waiting> waiting;
    bool busy = false;                 // carries a message, or waits for the next to be there
    bool flows = false;                // bytes come in without a pause …
    double since = 0, total = 0;       // … since then, and so many altogether
    const s4u::Comm* moves = nullptr;  // what carries the message that has begun to arrive
  };
  void look_up(Connection& connection, const s4u::Host& from, const s4u::Host& to);
  void proceed(Connection& connection);
  void begin_flow(Connection& connection);
  void end_flow(Connection& connection);
  void start_first(Connection& connection);
  double queue_before(const Connection& connection) const;
  double queued(const Connection& flow) const;

  platforms::NetworkModel network_;
  Start start_;
  std::unordered_map<const s4u::Link*, double> latencies_;  // as the platform has them
  double fastest_ = 0;                                      // bandwidth of a link
  std::deque<Connection> connections_;                      // by pair
  std::unordered_map<const s4u::Link*, std::vector<const Connection*>> flows_;  // that cross it
};

}  // namespace troupe::sim::simgrid_world
