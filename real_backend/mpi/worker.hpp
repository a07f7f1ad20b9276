#pragma once
// Kernels, and the thread that computes them while the rank's own thread moves messages.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/kernel.hpp"
#include "real_backend/mpi/waiter.hpp"

namespace troupe::mpi {

/// One started kernel. Deletes itself when retired.
class KernelOperation final : public Operation {
 public:
  /// `busy`: how long a kernel without values takes; ignored for the others.
  KernelOperation(Kernel kernel, Seconds busy, std::uint64_t sequence, Waiter& waiter);
  /// Computes it, or is busy for its time. What it throws is kept for finish().
  void run() noexcept;
  /// How long that took.
  Seconds took() const noexcept { return took_; }
  void finish(Rank rank, Seconds at);

 private:
  void abandon() noexcept override;
  void retire() noexcept override { delete this; }

  Kernel kernel_;
  Seconds busy_, took_{};
  Waiter& waiter_;
  std::exception_ptr error_;
};

/// Computes kernels in the order of submission, one at a time, on a thread that starts with the
/// first.
class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// EXPECTS nothing to be left.
  ~Worker();

  void submit(KernelOperation& operation);
  /// True if nothing is submitted that has not been taken back.
  bool idle() const noexcept { return submitted_ == 0; }
  /// What has been computed since the last call, in order.
  const std::vector<KernelOperation*>& take_computed();
  /// Blocks until something has been computed, or for that long.
  void wait_computed(Seconds at_most);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable submitted_some_, computed_some_;
  std::deque<KernelOperation*> queue_;
  std::vector<KernelOperation*> computed_, taken_;
  std::atomic<bool> has_computed_ = false;
  std::size_t submitted_ = 0;  // of the rank's thread alone
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace troupe::mpi
