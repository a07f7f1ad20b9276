#pragma once
// The way that SimGrid sends a message from one host to another.

#include <string>
#include <vector>

#include <simgrid/s4u.hpp>

#include "core/errors.hpp"
#include "core/units.hpp"

namespace troupe::platforms {

struct HostWay {
  std::vector<simgrid::s4u::Link*> links;
  Seconds latency{};
};

/// Throws BadPlatform, without the platform's name, where two hosts have no way to each other:
/// SimGrid says so by ending the process, and not before a message sets out.
inline HostWay way_between(const simgrid::s4u::Host& from, const simgrid::s4u::Host& to) {
  HostWay way;
  double latency = 0;
  from.route_to(&to, way.links, &latency);
  if (&from != &to && way.links.empty() && latency <= 0)
    throw BadPlatform{"no route from host \"" + from.get_name() + "\" to host \"" + to.get_name() +
                      "\""};
  way.latency = Seconds{latency};
  return way;
}

}  // namespace troupe::platforms
