#include "cli/hand_over.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "real_backend/mpi/launch.hpp"

namespace troupe::cli {
namespace {

/// A file without a name that stays open across execv. Returns its path.
std::string nameless_file(const std::string& content) {
  const int file = ::memfd_create("troupe-scenario", 0);
  if (file < 0) throw Error{fmt::format("cannot pass the scenario on: {}", std::strerror(errno))};
  for (std::size_t at = 0; at < content.size();) {
    const auto written = ::write(file, content.data() + at, content.size() - at);
    if (written < 0)
      throw Error{fmt::format("cannot pass the scenario on: {}", std::strerror(errno))};
    at += static_cast<std::size_t>(written);
  }
  return fmt::format("/proc/self/fd/{}", file);
}

std::optional<std::string> in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    const auto file = std::filesystem::path{folder} / program;
    std::error_code error;
    if (std::filesystem::exists(file, error)) return file.string();
  }
  return {};
}

}  // namespace

bool is_real(std::string_view backend) { return backend == "mpi" || backend == "cuda"; }

std::optional<std::string> sibling(std::string_view backend) {
  auto program = fmt::format("{}/troupe-{}", program_folder(), backend);
  if (::access(program.c_str(), X_OK) != 0) return {};
  return program;
}

std::optional<std::string> mpi_launcher() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path built_with{TROUPE_MPIEXEC};
  auto found = in_path("mpirun");
  if (built_with.empty() || !fs::exists(built_with, error)) return found;
  if (!found || !fs::equivalent(built_with, *found, error)) found = built_with.string();
  return found;
}

std::string launcher_word() {
  const auto launcher = mpi_launcher();
  return launcher && launcher != in_path("mpirun") ? *launcher : "mpirun";
}

std::string launch_command(const Options& options, int ranks) {
  const auto usual = fmt::format("{}", ranks);
  auto command =
      fmt::format("{} -n {}", launcher_word(), options.text("np", options.text("ranks", usual)));
  if (options.given("hosts")) command += " -H " + options.text("hosts");
  if (options.given("hostfile")) command += " --hostfile " + options.text("hostfile");
  return command + " troupe ... --backend " + options.text("backend", "mpi");
}

int launched_ranks(const Options& options, int ranks) {
  const auto backend = options.text("backend", "mpi");
  if (!sibling(backend))
    throw BadInput{fmt::format(
        "--backend {0}: troupe-{0} is not beside this program; it is built where {1} found "
        "(troupe doctor)",
        backend, backend == "cuda" ? "MPI and a CUDA toolkit are" : "MPI is")};
  const auto launch = mpi::find_launch();
  if (!launch && backend == "cuda") return 1;  // one rank on one GPU needs no launcher
  if (!launch)
    throw BadInput{fmt::format("--backend {} runs under a launcher: {} (or srun)", backend,
                               launch_command(options, ranks))};
  return launch->size;
}

bool under_launcher() { return mpi::find_launch().has_value(); }

void hand_over(const std::string& scenario, const Options& options) {
  std::vector<std::string> arguments{"run", nameless_file(scenario)};
  for (const char* option : {"backend", "transport", "json", "csv", "trace", "trace-spans",
                             "format", "min-busbw", "tensorboard"})
    if (options.given(option)) {
      arguments.push_back(fmt::format("--{}", option));
      arguments.push_back(options.text(option));
    }
  for (const char* option : {"reproducible", "quiet", "tf32", "bf16", "device-times"})
    if (options.given(option)) arguments.push_back(fmt::format("--{}", option));
  hand_over_command(std::move(arguments), options);
}

void hand_over_command(std::vector<std::string> arguments, const Options& options) {
  arguments.insert(arguments.begin(), *sibling(options.text("backend", "mpi")));
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(pointers.front(), pointers.data());
  throw Error{fmt::format("cannot start {}: {}", arguments.front(), std::strerror(errno))};
}

}  // namespace troupe::cli
