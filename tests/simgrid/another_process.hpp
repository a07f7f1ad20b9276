#pragma once
// A process holds one simulation: a test that compares two runs one of them elsewhere.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <vector>

namespace troupe::test {

/// The numbers that `simulation` returns when it runs in a process of its own.
inline std::vector<double> in_another_process(
    const std::function<std::vector<double>()>& simulation) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error{"no pipe"};
  const pid_t child = fork();
  if (child == 0) {
    const std::vector<double> numbers = simulation();
    const auto bytes = numbers.size() * sizeof(double);
    const bool written = write(ends[1], numbers.data(), bytes) == static_cast<ssize_t>(bytes);
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::vector<double> numbers;
  for (double number = 0; read(ends[0], &number, sizeof number) == sizeof number;)
    numbers.push_back(number);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return numbers;
}

}  // namespace troupe::test
