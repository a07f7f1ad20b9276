#include "cli/program.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/version.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/commands.hpp"
#include "cli/manual.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace troupe::cli {
namespace {

int platform_command(const Program& program, const std::vector<std::string>& arguments) {
  if (program.platform) return program.platform(program, arguments);
  throw BadInput{fmt::format("{} cannot load platforms: SimGrid is not built in (troupe doctor)",
                             program.name)};
}

int help_command(const Program& program, const std::vector<std::string>& arguments);

constexpr auto commands = std::to_array<Command>(
    {{"collective", "measure a collective: all algorithms at all sizes", collective_command},
     {"run", "run a scenario file", run_command},
     {"sweep", "run a scenario at many points, on all cores or through Slurm", sweep_command},
     {"compare", "show reports side by side", compare_command},
     {"validate", "show how far predictions are off, and why", validate_command},
     {"report", "show reports as a page for a browser", report_command},
     {"platform", "list, show and check platforms", platform_command},
     {"algorithms", "list training strategies and collectives with their costs",
      algorithms_command},
     {"tune", "find the best algorithm of each size on a platform", tune_command},
     {"autotune", "find the fusion of gradients and the allreduce with which a training is fastest",
      autotune_command},
     {"calibrate", "measure a device or a network, for simulations of it", calibrate_command},
     {"doctor", "say what is built in and found, and the cure for what is not", doctor_command},
     {"completion", "print completions for bash, zsh or fish", completion_command},
     {"help", "explain a command", help_command}});

void print_overview(const Program& program) {
  fmt::print(
      "Usage: {} COMMAND [options]\n\n"
      "Distributed-training algorithms, written once: on simulated networks, on threads, on "
      "MPI.\n\nCommands:\n",
      program.name);
  for (const auto& command : commands) fmt::print("  {:<12} {}\n", command.name, command.summary);
  fmt::print(
      "\n{} COMMAND --help explains its options; {} --version says what is built in.\n\n"
      "Exit status: 0 success, 1 the run failed, 2 usage or input, 3 outside a threshold.\n",
      program.name, program.name);
}

int print_version(const Program& program) {
  fmt::print("{} {}\n", program.name, version);
  for (const auto& backend : program.backends)
    for (const auto& [library, number] : backend.versions()) fmt::print("{} {}\n", library, number);
  fmt::print("Boost {}.{}.{}\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
             BOOST_VERSION % 100);
  fmt::print("nlohmann/json {}.{}.{}\n", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
             NLOHMANN_JSON_VERSION_PATCH);
  fmt::print("fmt {}.{}.{}\n", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
  fmt::print("Eigen {}\n", TROUPE_EIGEN_VERSION);
  fmt::print("compiler {}\n", TROUPE_COMPILER);
  return 0;
}

void print_manual() {
  std::vector<CommandSummary> summaries;
  for (const auto& command : commands) summaries.push_back({command.name, command.summary, {}});
  fmt::print("{}", manual_overview(summaries));
}

int help_command(const Program& program, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "help") {
    print_overview(program);
    return 0;
  }
  if (arguments.front() == "--help=man") {
    print_manual();
    return 0;
  }
  return command_named(arguments.front()).run(program, {"--help"});
}

int dispatch(const Program& program, std::vector<std::string> arguments) {
  if (arguments.empty()) {
    print_overview(program);
    return 2;
  }
  const auto first = arguments.front();
  arguments.erase(arguments.begin());
  if (first == "--version" || first == "-V") return print_version(program);
  if (first == "--help" || first == "-h") return help_command(program, {});
  return command_named(first).run(program, arguments);
}

/// True in the one process of a launcher's job that speaks about mistakes all of them find.
bool speaks() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char* rank = std::getenv(name)) return std::string_view{rank} == "0";
  return true;
}

}  // namespace

std::span<const Command> all_commands() { return commands; }

const Command& command_named(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : commands) {
    if (command.name == name) return command;
    names.emplace_back(command.name);
  }
  throw BadInput{fmt::format("unknown command \"{}\"{} (troupe help lists them)", name,
                             did_you_mean(name, names))};
}

int run_program(const Program& program, int argc, char** argv) {
  const auto failed = [&](const std::string& message, int status) {
    if (program.end_job) program.end_job(message, status);
    if (speaks() || status != 2) fmt::print(stderr, "troupe: {}\n", message);
    else  // a launcher ends the job when the first process fails: not before one has spoken
      std::this_thread::sleep_for(std::chrono::seconds{2});
    return status;
  };
  try {
    const int status = dispatch(program, {argv + 1, argv + argc});
    return std::fflush(stdout) == 0 ? status : failed("cannot write to standard output", 1);
  } catch (const Error& error) {
    return failed(error.what(), error.exit_status());
  } catch (const std::bad_alloc&) {
    return failed("out of memory", 1);
  } catch (const std::exception& error) {
    return failed(fmt::format("internal error: {}", error.what()), 1);
  } catch (...) {  // a plugin's
    return failed("internal error: what was thrown is no std::exception", 1);
  }
}

}  // namespace troupe::cli
