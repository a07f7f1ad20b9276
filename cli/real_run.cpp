#include "cli/real_run.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <sstream>

#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "cli/hand_over.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"

namespace troupe::cli {
namespace {

/// A folder that goes when the run has been read.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto name =
        (std::filesystem::temp_directory_path() / ("troupe-" + std::string(6, 'X'))).string();
    if (!::mkdtemp(name.data()))
      throw Error{fmt::format("no folder for the real run: {}: {}", name, std::strerror(errno))};
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream{text};
  return {std::istream_iterator<std::string>{stream}, {}};
}

/// Runs it with standard output going to standard error; its exit status.
int run(std::vector<std::string> command) {
  std::vector<char*> pointers;
  for (auto& word : command) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, pointers.front(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw BadInput{
        fmt::format("the real run needs a launcher of MPI: cannot start {}: {} "
                    "(--launcher names another, troupe doctor says what is missing)",
                    command.front(), std::strerror(failed))};
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void expect_real_run(const Options& options) {
  if (options.given("backend"))
    throw BadInput{"--backend: validate chooses: mpi for the real half, sim for the other"};
  if (under_launcher())
    throw BadInput{"validate --scenario starts the launcher itself: run it without mpirun"};
  if (!sibling("mpi"))
    throw BadInput{
        "validate --scenario needs troupe-mpi beside this program; it is built where MPI is found "
        "(troupe doctor)"};
  if (options.given("launcher") && words_of(options.text("launcher")).empty())
    throw BadInput{"--launcher \"\": expected a command, such as mpirun -n 4"};
}

analysis::Report real_run(const std::string& file, int ranks, const Options& options) {
  const TemporaryFolder folder;
  const auto report = folder.file("report.json");
  auto command =
      words_of(options.text("launcher", fmt::format("{} -n {}", launcher_word(), ranks)));
  for (const auto& word :
       {program_folder() + "/troupe", std::string{"run"}, file, std::string{"--backend"},
        std::string{"mpi"}, std::string{"--quiet"}, std::string{"--json"}, report})
    command.push_back(word);
  const auto hand_on = [&](const char* option, const std::string& value) {
    command.push_back(fmt::format("--{}", option));
    command.push_back(value);
  };
  for (const char* option :
       {"platform", "ranks", "np", "placement", "hostfile", "hosts", "ranks-per-host", "network",
        "eager-limit", "compute", "device", "payload", "seed"})
    if (options.given(option)) hand_on(option, options.text(option));
  for (const char* option : {"set", "cfg", "log", "plugin"})
    for (const auto& value : options.texts(option)) hand_on(option, value);
  if (const int status = run(command); status != 0) {
    const auto message = fmt::format("the real run ended with exit status {}", status);
    if (status == 2) throw BadInput{message};
    throw Error{message};
  }
  return analysis::report_from_json(analysis::read_file(report), "the real run");
}

}  // namespace troupe::cli
