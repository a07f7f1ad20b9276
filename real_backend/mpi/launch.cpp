#include "real_backend/mpi/launch.hpp"

#include <array>
#include <charconv>
#include <cstdlib>

namespace troupe::mpi {

namespace {

using Environment = const char* (*)(const char*);

struct Launcher {
  std::string_view name;
  const char *rank, *size, *local_rank;
  const char* also = nullptr;  // must be set too: Slurm sets the others in batch scripts as well
};

// The more particular first: Slurm's and PMI's variables are also set around other launchers.
constexpr std::array<Launcher, 6> launchers{{
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    {"MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK"},
    {"MPICH", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"},
    {"Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_ID"},
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK"},
    {"PMIx", "PMIX_RANK", "PMIX_SIZE", "PMIX_LOCAL_RANK"},
}};

int number(Environment variable, const char* name) {
  const std::string_view text{variable(name)};
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    throw BadInput{std::string{name} + "=\"" + std::string{text} +
                   "\" in the environment: a number of the launcher's, not negative, was expected"};
  return value;
}

}  // namespace

std::optional<Launch> find_launch(Environment variable) {
  for (const Launcher& launcher : launchers) {
    if (!variable(launcher.rank) || !variable(launcher.size)) continue;
    if (launcher.also && !variable(launcher.also)) continue;
    Launch launch{launcher.name, number(variable, launcher.rank), number(variable, launcher.size),
                  variable(launcher.local_rank) ? number(variable, launcher.local_rank) : 0};
    if (launch.rank >= launch.size)
      throw BadInput{std::string{launcher.rank} + "=" + std::to_string(launch.rank) +
                     " in the environment, but " + launcher.size + "=" +
                     std::to_string(launch.size)};
    return launch;
  }
  return std::nullopt;
}

std::optional<Launch> find_launch() {
  return find_launch([](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace troupe::mpi
