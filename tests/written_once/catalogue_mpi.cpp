// All cases of the catalogue on the ranks of one MPI job, on GPUs or on detached devices
// (tests/mpi/detached.hpp): what became of them, as JSON on the file given. One job,
// because starting one takes longer than most cases. Where there is no GPU to compute on it says
// why on the file and ends with 77. A fifth argument names the only case to run.

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "catalogue.hpp"
#include "core/errors.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/backend_mpi.hpp"
#ifdef TROUPE_HAS_CUDA
#include "real_backend/cuda/device.hpp"
#include "scenarios/backend_cuda.hpp"
#endif

int main(int argc, char** argv) {
  using namespace troupe;
  if (argc != 4 && argc != 5) {
    std::cerr << "usage: catalogue_mpi RANKS FILE detached|cuda [CASE]\n";
    return 2;
  }
  scenarios::FindDevice find_device;
  if (argv[3] == std::string_view{"detached"})
    find_device = [](const mpi::World& world) {
      scenarios::DeviceOfRank device;
      device.accelerator = std::make_unique<tests::DetachedAccelerator>(
          tests::DetachedAccelerator::Settings{.seed = static_cast<std::uint64_t>(world.rank())});
      return device;
    };
#ifdef TROUPE_HAS_CUDA
  if (argv[3] == std::string_view{"cuda"}) {
    if (const auto why = cuda::why_no_device(); !why.empty()) {
      std::ofstream{argv[2]} << nlohmann::json(why);
      return 77;
    }
    find_device = [](const mpi::World& world) { return scenarios::find_gpu(world, {}); };
  }
#endif
  scenarios::MpiJob job{argc, argv};
  try {
    nlohmann::json ends;
    for (const auto& one : written_once::catalogue(std::stoi(argv[1]))) {
      if (argc == 5 && one.name != argv[4]) continue;
      auto end = written_once::run(one, [&](const scenarios::Scenario& scenario) {
        return job.make(scenario, find_device);
      });
      if (!end.is_null()) ends[one.name] = std::move(end);
    }
    if (!ends.is_null()) std::ofstream{argv[2]} << ends;
    return 0;
  } catch (const Error& error) {
    job.end(error.what(), error.exit_status());
    return error.exit_status();
  }
}
