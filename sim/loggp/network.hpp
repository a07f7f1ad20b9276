#pragma once
// The network as the LogGP world sees it: what a message between two ranks costs, and which ports
// it goes through. Everything between the ports is taken to be wide enough.

#include <cstdint>
#include <string>
#include <vector>

#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe::sim::loggp {

/// Where messages leave or enter one at a time: one direction of a link at the end of a route, a
/// device's own or a network card that several share.
struct Port {
  std::string name;
  BytesPerSecond bandwidth{};
};

/// How messages of one pair of ranks travel.
struct Route {
  static constexpr std::int32_t no_port = -1;
  Seconds latency{};           ///< L: from leaving to the arrival of the first byte
  Seconds per_byte{};          ///< G: from one byte to the next, on the narrowest link
  std::int32_t out = no_port;  ///< index of the port it leaves by; no_port: nothing to wait for
  std::int32_t in = no_port;   ///< and of the one it enters by
  std::uint8_t kind = 0;       ///< of pair: whose Overheads its messages cost
  /// Through `out` goes only what `from` sends, through `in` only what `to` receives.
  bool own_ports = false;
};

/// What a message of some size pays beside what its route says.
struct SizeScale {
  double latency = 1, per_byte = 1;
};

/// The pairs and ports of a machine, by rank.
class Network {
 public:
  virtual ~Network() = default;
  virtual const std::vector<Port>& ports() const = 0;
  /// The way from one rank to another, or to itself. Asked when two ranks begin to talk, and again
  /// where too many pairs of ranks talk to remember all of them. Throws BadPlatform where there is
  /// none.
  virtual Route route(Rank from, Rank to) const = 0;
  /// Whether the size of a message matters beyond its bytes, and how, for one kind of route. Ports
  /// do not change.
  virtual bool scales_by_size() const { return false; }
  virtual SizeScale scale(std::uint8_t kind, double bytes) const {
    static_cast<void>(kind);
    static_cast<void>(bytes);
    return {};
  }
};

}  // namespace troupe::sim::loggp
