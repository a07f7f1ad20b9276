#pragma once
// A platform that SimGrid has loaded, as plain facts and ways.

#include <memory>

#include "platforms/placed.hpp"
#include "platforms/simgrid/simgrid_platform.hpp"

namespace troupe::platforms {

/// Keeps a reference to `platform`, whose routes it asks for.
std::unique_ptr<PlacedPlatform> placed(const SimGridPlatform& platform);

}  // namespace troupe::platforms
