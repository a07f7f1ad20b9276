#pragma once
// A network in user space: links with a rate and a latency between TAP devices. What SimGrid
// simulates as flows is done here to every frame: each link of a route sends frames whole, one
// after another, at its rate, and delivers them its latency later.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::netlab {

using MacAddress = std::array<std::uint8_t, 6>;

struct EmulatedLink {
  std::string name;
  double bytes_per_second = 0;
  double latency = 0;  ///< seconds
  bool shared = true;  ///< false: no frame waits for another (SimGrid's FATPIPE)
};

/// A TAP device, and the links from it to every other port (by index; empty: not reached).
struct EmulatedPort {
  int tap = -1;
  MacAddress address{};
  std::vector<std::vector<int>> routes;
};

/// What has been carried, and how much later than it should have been.
struct Carried {
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;       ///< found a queue full, or a device that took nothing
  double mean_lateness = 0;        ///< seconds
  double worst_lateness = 0;       ///< seconds
  std::uint64_t late_by_a_ms = 0;  ///< frames delivered later than that
};

/// Carries frames until `stop` is set (by a signal handler: the loop notices interrupted calls).
/// A link holds at most `queue_bytes` waiting bytes, and drops what comes beyond.
Carried carry(std::vector<EmulatedLink> links, std::vector<EmulatedPort> ports, double queue_bytes,
              const volatile bool& stop);

}  // namespace troupe::netlab
