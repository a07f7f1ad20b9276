// troupe-mpi and troupe-cuda: the same commands on real machines. They hold MPI, and never SimGrid.

#include "cli/program.hpp"
#include "scenarios/backend_loopback.hpp"
#include "scenarios/backend_mpi.hpp"
#ifdef TROUPE_HAS_CUDA
#include "scenarios/backend_cuda.hpp"
#endif

int main(int argc, char** argv) {
  using namespace troupe;
  using Versions = std::vector<std::pair<std::string, std::string>>;
  scenarios::MpiJob job{argc, argv};
#ifdef TROUPE_HAS_CUDA
  cli::Program program{.name = "troupe-cuda", .default_backend = "cuda", .backends = {}};
#else
  cli::Program program{.name = "troupe-mpi", .default_backend = "mpi", .backends = {}};
#endif
  const std::vector<scenarios::BackendKind> backends{
      {"mpi", scenarios::mpi_versions,
       [&](const scenarios::Scenario& scenario, const scenarios::BackendOptions&) {
         return job.make(scenario);
       }},
#ifdef TROUPE_HAS_CUDA
      {"cuda", scenarios::cuda_versions,
       [&](const scenarios::Scenario& scenario, const scenarios::BackendOptions& options) {
         scenarios::expect_gpu(options);
         return job.make(scenario, [&options](const mpi::World& world) {
           return scenarios::find_gpu(world, options);
         });
       }},
#endif
      {"loopback", [] { return Versions{}; }, scenarios::make_loopback}};
  program.backends = backends;
  program.end_job = [&](const std::string& message, int exit_status) {
    job.end(message, exit_status);
  };
  return cli::run_program(program, argc, argv);
}
