// The contract suite on SimGrid: each run in a child process, because SimGrid's clock does not
// start twice. Each case twice: messages of a pair share its cables, or follow each other.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "contract/runner.hpp"
#include "tests/simgrid/star.hpp"

namespace {

using namespace troupe;

/// Runs the case in this process; what went wrong as text, empty if nothing did.
std::string run_here(const contract::ContractCase& which, const contract::Program& program,
                     bool one_connection) {
  const test::Star star{.ranks = which.ranks,
                        .processor = {.speed = {1e9}, .memory_bandwidth = {1e10}},
                        .options = {.eager_limit = which.eager_limit},
                        .one_connection = one_connection};
  try {
    const auto result = test::run_on(star, program);
    return result.unmatched.empty() ? "" : "left over: " + to_text(result.unmatched.front());
  } catch (const std::exception& error) {
    return error.what();
  }
}

void run_in_child(const contract::ContractCase& which, const contract::Program& program,
                  bool one_connection) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw BackendError{"pipe() failed"};
  const pid_t child = fork();
  if (child == 0) {
    const std::string failure = run_here(which, program, one_connection);
    const bool written =
        write(ends[1], failure.data(), failure.size()) == static_cast<ssize_t>(failure.size());
    _exit(failure.empty() && written ? 0 : 1);
  }
  close(ends[1]);
  std::string failure;
  std::array<char, 4096> part{};
  for (ssize_t n; (n = read(ends[0], part.data(), part.size())) > 0;)
    failure.append(part.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (failure.empty() && status != 0) failure = "the simulation crashed";
  if (!failure.empty())
    throw contract::ContractFailure{failure + (one_connection ? " (one connection a pair)" : "")};
}

RunReport run_both_ways(const contract::ContractCase& which, const contract::Program& program) {
  for (const bool one_connection : {false, true}) run_in_child(which, program, one_connection);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return contract::run_cases(argc, argv, run_both_ways, /*has_simulated_clock=*/true);
}
