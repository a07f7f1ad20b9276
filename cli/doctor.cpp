// troupe doctor: what is built in, what is found, and the cure for what is not.

#include <fmt/format.h>

#include <filesystem>

#include "cli/commands.hpp"
#include "cli/hand_over.hpp"
#include "cli/options.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace troupe::cli {
namespace {

/// One line of the diagnosis.
struct Finding {
  std::string what;
  bool good = false;
  std::string detail;  ///< what was found, or the cure
};

bool built_in(const Program& program, std::string_view name) {
  for (const auto& kind : program.backends)
    if (kind.name == name) return true;
  return false;
}

std::string versions_of(const Program& program, std::string_view name) {
  std::string text;
  for (const auto& kind : program.backends)
    if (kind.name == name)
      for (const auto& [library, version] : kind.versions())
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", library, version);
  return text;
}

Finding simulation(const Program& program) {
  if (built_in(program, "sim")) return {"sim", true, versions_of(program, "sim")};
  if (program.name != "troupe")
    return {"sim", false, "not in this program, which holds MPI: use troupe"};
  return {"sim", false, "not built in: apt-get install libsimgrid-dev, then configure again"};
}

Finding message_passing(const Program& program) {
  if (built_in(program, "mpi")) return {"mpi", true, versions_of(program, "mpi")};
  if (const auto found = sibling("mpi")) {
    if (const auto launcher = mpi_launcher())
      return {"mpi", true, fmt::format("{}, started by {}", *found, *launcher)};
    return {"mpi", false,
            fmt::format("{} is there, but no mpirun in PATH: apt-get install openmpi-bin", *found)};
  }
  return {"mpi", false,
          "troupe-mpi is not beside this program: apt-get install libopenmpi-dev openmpi-bin, then "
          "configure again"};
}

Finding devices(const Program& program) {
  std::error_code error;
  const bool driver = std::filesystem::exists("/proc/driver/nvidia/version", error);
  if (built_in(program, "cuda")) return {"cuda", driver, versions_of(program, "cuda")};
  if (const auto program_of_gpus = sibling("cuda"))
    return {"cuda", driver,
            fmt::format("{}, {}", *program_of_gpus,
                        driver ? "and an NVIDIA driver is there"
                               : "but no NVIDIA driver is loaded: it computes where there is one")};
  return {"cuda", false,
          fmt::format("troupe-cuda is not beside this program: it is built where MPI and a CUDA "
                      "toolkit are found; {}",
                      driver ? "an NVIDIA driver is there" : "no NVIDIA driver found")};
}

Finding platforms() {
  const auto found = shipped_platforms();
  if (found.empty())
    return {"platforms", false, "no shipped platforms found: set TROUPE_PLATFORMS to their folder"};
  return {"platforms", true,
          fmt::format("{} in {}", found.size(), found.front().file.parent_path().string())};
}

}  // namespace

int doctor_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"doctor [options]",
                  "Says what is built in and found, and how to get what is not.\n"
                  "Exit status 0 only if the backend asked for can run."};
  options.value("backend", "the backend that matters: sim, loopback, mpi, cuda");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  const std::vector<Finding> findings{simulation(program),
                                      {"loopback", true, "threads of this process"},
                                      message_passing(program),
                                      devices(program),
                                      platforms()};
  const auto wanted = options.text("backend", program.default_backend);
  std::vector<std::string> names;
  const Finding* asked = nullptr;
  for (std::size_t i = 0; i < 4; ++i) {
    names.push_back(findings[i].what);
    if (findings[i].what == wanted) asked = &findings[i];
  }
  if (!asked)
    throw BadInput{
        fmt::format("--backend \"{}\": unknown backend{}", wanted, did_you_mean(wanted, names))};
  fmt::print("troupe {}\n\n", version);
  for (const auto& finding : findings)
    fmt::print("  {:<4} {:<10} {}\n", finding.good ? "ok" : "no", finding.what, finding.detail);
  fmt::print("\n--backend {} {}\n", wanted, asked->good ? "can run" : "cannot run");
  return asked->good ? 0 : 1;
}

}  // namespace troupe::cli
