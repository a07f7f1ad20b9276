#include "real_backend/mpi/worker.hpp"

#include <chrono>
#include <utility>

namespace troupe::mpi {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Takes that long, to a few microseconds: sleeps most of it and looks at the clock for the rest.
void be_busy(Seconds time) {
  constexpr Seconds watched{200e-6};
  const auto end = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(time);
  if (time > watched) std::this_thread::sleep_for(time - watched);
  while (SteadyClock::now() < end) std::this_thread::yield();
}

}  // namespace

KernelOperation::KernelOperation(Kernel kernel, Seconds busy, std::uint64_t sequence,
                                 Waiter& waiter)
    : kernel_{std::move(kernel)}, busy_{busy}, waiter_{waiter} {
  renew(sequence);
}
void KernelOperation::run() noexcept {
  const auto begin = SteadyClock::now();
  try {
    if (!is_phantom(kernel_)) run_on_host(kernel_);
    else if (busy_ > Seconds{}) be_busy(busy_);
  } catch (...) {
    error_ = std::current_exception();
  }
  took_ = SteadyClock::now() - begin;
}
void KernelOperation::finish(Rank rank, Seconds at) {
  if (error_) fail(rank, std::exchange(error_, nullptr), at);
  else complete(rank, 0, at);
}
void KernelOperation::abandon() noexcept {
  if (!is_done()) waiter_.wait_until_done(*this);
}

Worker::~Worker() {
  {
    const std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  submitted_some_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::submit(KernelOperation& operation) {
  {
    const std::lock_guard guard{mutex_};
    queue_.push_back(&operation);
  }
  ++submitted_;
  if (thread_.joinable()) submitted_some_.notify_one();
  else thread_ = std::thread{[this] { work(); }};
}

const std::vector<KernelOperation*>& Worker::take_computed() {
  taken_.clear();
  if (has_computed_.load(std::memory_order_acquire)) {
    const std::lock_guard guard{mutex_};
    std::swap(taken_, computed_);
    has_computed_.store(false, std::memory_order_relaxed);
    submitted_ -= taken_.size();
  }
  return taken_;
}

void Worker::wait_computed(Seconds at_most) {
  std::unique_lock lock{mutex_};
  const auto some = [this] { return !computed_.empty(); };
  // A condition variable's own "for ever" would overflow.
  if (at_most > Seconds{3600}) at_most = Seconds{3600};
  computed_some_.wait_for(lock, at_most, some);
}

void Worker::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    submitted_some_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    KernelOperation& operation = *queue_.front();
    queue_.pop_front();
    lock.unlock();
    operation.run();
    lock.lock();
    computed_.push_back(&operation);
    has_computed_.store(true, std::memory_order_release);
    computed_some_.notify_one();
  }
}

}  // namespace troupe::mpi
