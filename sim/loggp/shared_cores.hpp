#pragma once
// The cores of a host with more ranks than cores.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/loggp/pending.hpp"

namespace troupe::sim::loggp {

/// Kernels that run at the same time on one host share its cores fairly, none having more than one;
/// more of them than cores get all together but a `sharing`-th of what one after the other would.
class SharedCores {
 public:
  SharedCores(int cores, double sharing) : cores_{static_cast<double>(cores)}, sharing_{sharing} {}

  /// A kernel that would take `seconds` alone starts.
  void begin(Pending& kernel, double seconds, double now) {
    progress(now);
    kernel.end = seconds;
    running_.push_back(&kernel);
    ++plan_;
  }
  /// Takes out the kernel that ends now, by the plan.
  Pending& end(double now) {
    progress(now);
    const auto first = soonest();
    Pending& kernel = **first;
    running_.erase(first);
    ++plan_;
    return kernel;
  }
  bool is_idle() const noexcept { return running_.empty(); }
  /// When the next kernel ends if none starts before.
  double next_end() const { return since_ + (*soonest())->end / share(); }
  double end_of(const Pending& kernel) const { return since_ + kernel.end / share(); }
  const std::vector<Pending*>& running() const noexcept { return running_; }
  /// Changes whenever a kernel starts or ends: what was planned before is void.
  std::uint64_t plan() const noexcept { return plan_; }

 private:
  double share() const {
    const auto kernels = static_cast<double>(running_.size());
    return kernels <= cores_ ? 1 : cores_ / (kernels * sharing_);
  }
  void progress(double now) {
    if (!running_.empty()) {
      const double done = (now - since_) * share();
      for (Pending* kernel : running_) kernel->end = std::max(0.0, kernel->end - done);
    }
    since_ = now;
  }
  std::vector<Pending*>::const_iterator soonest() const {
    return std::ranges::min_element(running_, {}, [](const auto* kernel) { return kernel->end; });
  }

  double cores_, sharing_;
  double since_ = 0;
  std::uint64_t plan_ = 0;
  std::vector<Pending*> running_;  // in the order of starting; end: what is left to do
};

}  // namespace troupe::sim::loggp
