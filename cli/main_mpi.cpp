// troupe-mpi: the same commands on real machines. Holds MPI, and never SimGrid.

#include "cli/program.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/backend_loopback.hpp"
#include "scenarios/backend_mpi.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  using Versions = std::vector<std::pair<std::string, std::string>>;
  // MPI begins with the first run, so that help and versions need no launcher; it ends with main.
  std::unique_ptr<mpi::World> world;
  const std::vector<scenarios::BackendKind> backends{
      {"mpi", [] { return Versions{{"MPI", TROUPE_MPI_VERSION}}; },
       [&](const scenarios::Scenario& scenario, const scenarios::BackendOptions&) {
         if (!world) world = std::make_unique<mpi::World>(argc, argv);
         return scenarios::make_mpi(scenario, *world);
       }},
      {"loopback", [] { return Versions{}; }, scenarios::make_loopback}};
  cli::Program program{.name = "troupe-mpi", .default_backend = "mpi", .backends = backends};
  program.end_job = [&](const std::string& message, int exit_status) {
    if (world) world->abort(message, exit_status);
  };
  return cli::run_program(program, argc, argv);
}
