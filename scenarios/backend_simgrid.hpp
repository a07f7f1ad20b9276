#pragma once
// Ranks as actors of a simulated platform.

#include "platforms/summary.hpp"
#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// Loads the scenario's platform and places its ranks. Once a process. Throws BadScenario without a
/// platform, BadPlatform for one that cannot be used.
std::unique_ptr<Backend> make_simgrid(const Scenario& scenario, const BackendOptions& options);

/// The platform alone, for those who only look at it.
class LoadedPlatform {
 public:
  LoadedPlatform(const platforms::PlatformSpec& spec, const BackendOptions& options);
  ~LoadedPlatform();
  platforms::PlatformSummary summary() const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

/// {{"SimGrid", "3.32"}}
std::vector<std::pair<std::string, std::string>> simgrid_versions();

}  // namespace troupe::scenarios
