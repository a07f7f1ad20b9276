#pragma once
// Ranks as fibers of the LogGP world.

#include <functional>
#include <memory>

#include "platforms/placed.hpp"
#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// Reads a platform file that we do not read ourselves, and keeps it as long as the result lives.
using PlatformLoader = std::function<std::shared_ptr<platforms::PlacedPlatform>(
    const platforms::PlatformSpec&, const BackendOptions&)>;

/// Places the scenario's ranks; generators and GPU clusters without SimGrid, whatever their number,
/// XML by `load_xml` (null: refused). Throws BadScenario without a platform and for more ranks than
/// memory holds; BadPlatform for one that cannot be used: profiles of availability, bandwidth or
/// state, pairs without a bandwidth, overrides of classes that it does not have.
std::unique_ptr<Backend> make_loggp(const Scenario& scenario, const BackendOptions& options,
                                    const PlatformLoader& load_xml);

/// What the LogGP world makes of a platform, a line for each class of pairs of ranks: name and
/// parameters. S is `eager_limit` where the platform says nothing of a class.
std::vector<std::pair<std::string, std::string>> loggp_classes(
    const platforms::PlacedPlatform& platform, Bytes eager_limit);

}  // namespace troupe::scenarios
