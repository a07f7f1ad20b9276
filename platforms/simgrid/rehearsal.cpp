#include "platforms/simgrid/rehearsal.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"

namespace troupe::platforms {
namespace {

[[noreturn]] void attempt_and_leave(const std::function<void()>& attempt, int output) {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const int ending : {SIGABRT, SIGSEGV}) std::signal(ending, SIG_DFL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  try {
    attempt();
  } catch (...) {  // the parent will meet the same exception, and report it
  }
  std::fflush(nullptr);
  _exit(EXIT_SUCCESS);
}

std::string read_all(int input) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(input, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

/// "[0.000000] file.cpp:147: [root/CRITICAL] What is wrong" → "What is wrong".
std::string last_words(std::string_view output) {
  constexpr std::string_view mark = "CRITICAL] ";
  const auto at = output.find(mark);
  if (at == output.npos) return "SimGrid ended the process without a word";
  const std::string_view rest = output.substr(at + mark.size());
  return "SimGrid: " + std::string{rest.substr(0, rest.find('\n'))};
}

}  // namespace

void rehearse(const std::string& name, const std::function<void()>& attempt) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return;
  std::fflush(nullptr);  // or the child would write what the parent has buffered
  const pid_t child = fork();
  if (child == 0) attempt_and_leave(attempt, ends[1]);
  close(ends[1]);
  const std::string output = child > 0 ? read_all(ends[0]) : std::string{};
  close(ends[0]);
  if (child < 0) return;
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
    throw BadPlatform(fmt::format("{}: {}", name, last_words(output)));
}

}  // namespace troupe::platforms
