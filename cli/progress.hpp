#pragma once
// A progress bar on stderr: on a terminal only, and only for what takes longer than a second.

#include <chrono>
#include <mutex>
#include <string>

namespace troupe::cli {

class ProgressBar {
 public:
  /// `wanted` false (a quiet run) shows nothing.
  ProgressBar(std::string what, bool wanted);
  ~ProgressBar();
  /// How far the work is, 0 … 1. Callable from any thread.
  void show(double share);
  /// Whether there is a terminal to draw on.
  bool visible() const noexcept { return enabled_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  std::string what_;
  bool enabled_, colour_, drawn_ = false;
  Clock::time_point begin_ = Clock::now(), last_{};
};

}  // namespace troupe::cli
