// troupe: simulation and all commands. Holds SimGrid where it is found, and never MPI.

#include <array>

#include "cli/program.hpp"
#include "scenarios/backend_loggp.hpp"
#include "scenarios/backend_loopback.hpp"
#ifdef TROUPE_HAS_SIMGRID
#include "cli/platform.hpp"
#include "scenarios/backend_simgrid.hpp"
#endif

namespace {

using namespace troupe;

/// Either simulated world.
std::unique_ptr<scenarios::Backend> make_simulated(const scenarios::Scenario& scenario,
                                                   const scenarios::BackendOptions& options) {
#ifdef TROUPE_HAS_SIMGRID
  return scenario.network == "loggp"
             ? scenarios::make_loggp(scenario, options, scenarios::load_with_simgrid)
             : scenarios::make_simgrid(scenario, options);
#else
  if (scenario.network != "loggp")
    throw BadInput{
        "--network simgrid: SimGrid is not built in (troupe doctor); --network loggp is"};
  return scenarios::make_loggp(scenario, options, {});
#endif
}

std::vector<std::pair<std::string, std::string>> versions_of_simulation() {
#ifdef TROUPE_HAS_SIMGRID
  return scenarios::simgrid_versions();
#else
  return {};
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<scenarios::BackendKind> backends{
      {"sim", versions_of_simulation, make_simulated},
      {"loopback", [] { return std::vector<std::pair<std::string, std::string>>{}; },
       scenarios::make_loopback}};
  cli::Program program{.name = "troupe", .default_backend = "sim", .backends = backends};
#ifdef TROUPE_HAS_SIMGRID
  program.platform = cli::platform_command;
#endif
  return cli::run_program(program, argc, argv);
}
