#pragma once
// Ranks on the hosts of a platform that SimGrid simulates.

#include "platforms/placed.hpp"
#include "platforms/summary.hpp"
#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// Loads the scenario's platform and places its ranks. Once a process. Throws BadScenario without a
/// platform, BadPlatform for one that cannot be used.
std::unique_ptr<Backend> make_simgrid(const Scenario& scenario, const BackendOptions& options);

/// A platform file as SimGrid reads it, for another simulated world. Once a process.
std::shared_ptr<platforms::PlacedPlatform> load_with_simgrid(const platforms::PlatformSpec& spec,
                                                             const BackendOptions& options);

/// The platform alone, for those who only look at it.
class LoadedPlatform {
 public:
  LoadedPlatform(const platforms::PlatformSpec& spec, const BackendOptions& options);
  ~LoadedPlatform();
  /// `with_graph`: for to_dot, which needs it; it takes most of the time of many hosts.
  platforms::PlatformSummary summary(bool with_graph = true) const;
  /// As ways and facts; refers to this object.
  std::unique_ptr<platforms::PlacedPlatform> placed() const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

/// {{"SimGrid", "3.32"}}
std::vector<std::pair<std::string, std::string>> simgrid_versions();

}  // namespace troupe::scenarios
