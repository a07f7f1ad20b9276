#pragma once
// Measuring a program from outside: each measurement runs in a child process, because a process
// holds one simulation, and because its memory is then its own.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace troupe::bench {

struct Use {
  double cpu_s = 0;     ///< user and system time
  double peak_MiB = 0;  ///< largest resident set
  bool succeeded = false;
};

inline Use use_of_child(pid_t child) {
  int status = 0;
  rusage use{};
  wait4(child, &status, 0, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return {seconds(use.ru_utime) + seconds(use.ru_stime), static_cast<double>(use.ru_maxrss) / 1024,
          WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

/// Runs `body` in a fork of this process.
inline Use measure(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  return use_of_child(child);
}

/// Runs a command, its output discarded.
inline Use measure_command(const std::string& command) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", ("exec " + command + " >/dev/null 2>&1").c_str(), nullptr);
    _exit(127);
  }
  return use_of_child(child);
}

}  // namespace troupe::bench
