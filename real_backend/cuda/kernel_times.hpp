#pragma once
// What kernels take on the GPU, by its own clock: each is enclosed by two events, which are read
// when they are over, many at a time. One thread uses it.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "core/units.hpp"

namespace troupe::cuda {

class KernelTimes {
 public:
  KernelTimes() = default;
  KernelTimes(const KernelTimes&) = delete;
  KernelTimes& operator=(const KernelTimes&) = delete;
  ~KernelTimes();

  /// Calls launch() between two events on the stream. Where the GPU waits for the host, the first
  /// is over before the kernel has come: a kernel shorter than its launch then counts as long as
  /// that. Throws BackendError, and whatever launch() does, which then is not timed.
  template <class Launch>
  void time(cudaStream_t stream, const Launch& launch) {
    if (free_.empty()) make_room();
    const Pair pair = free_.back();
    record(pair.first, stream);
    launch();
    record(pair.second, stream);
    free_.pop_back();
    under_way_.push_back(pair);
  }
  /// Waits for all kernels: the sum of what each has taken. Throws BackendError.
  Seconds finish();

 private:
  using Pair = std::pair<cudaEvent_t, cudaEvent_t>;
  static void record(cudaEvent_t event, cudaStream_t stream);
  /// Reads what is over, oldest first, and makes events where that frees few.
  void make_room();
  /// Reads and frees the oldest that are under way, so many of them.
  void take(std::size_t over);

  std::vector<Pair> free_, under_way_;  // those in the order of their launches
  Seconds sum_{};
};

}  // namespace troupe::cuda
