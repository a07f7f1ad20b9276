// troupe: simulation and all commands. Holds SimGrid where it is found, and never MPI.

#include <array>

#include "cli/program.hpp"
#include "scenarios/backend_loopback.hpp"
#ifdef TROUPE_HAS_SIMGRID
#include "cli/platform.hpp"
#include "scenarios/backend_simgrid.hpp"
#endif

int main(int argc, char** argv) {
  using namespace troupe;
  const std::vector<scenarios::BackendKind> backends{
#ifdef TROUPE_HAS_SIMGRID
      {"sim", scenarios::simgrid_versions, scenarios::make_simgrid},
#endif
      {"loopback", [] { return std::vector<std::pair<std::string, std::string>>{}; },
       scenarios::make_loopback}};
  cli::Program program{.name = "troupe", .default_backend = "sim", .backends = backends};
#ifdef TROUPE_HAS_SIMGRID
  program.platform = cli::platform_command;
#endif
  return cli::run_program(program, argc, argv);
}
