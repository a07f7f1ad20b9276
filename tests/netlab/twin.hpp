#pragma once
// What of a platform file the lab builds: its hosts, links and routes.

#include <filesystem>
#include <string>
#include <vector>

#include "emulator.hpp"

namespace troupe::netlab {

struct Twin {
  std::vector<std::string> hosts;  ///< that have ranks, in the order of their first rank
  std::vector<int> slots;          ///< how many ranks each of them has
  std::vector<EmulatedLink> links;
  /// The links from host to host.
  std::vector<std::vector<std::vector<int>>> routes;
};

/// Reads the platform file, or the shipped platform of that name, with so many ranks (0: as many as
/// it has places). Throws BadPlatform, also for hosts whose names cannot be those of computers, for
/// placements that come back to a host, and for routes without links.
Twin twin_of(const std::string& platform, int ranks);

}  // namespace troupe::netlab
