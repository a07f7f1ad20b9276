#pragma once
// What kernels take on the GPU, by its own clock: each is enclosed by two events, which are read
// when they are over, many at a time. Where it is asked for, when each ran is kept as well. One
// thread uses it.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "core/activity.hpp"
#include "core/units.hpp"
#include "real_backend/mpi/device_clock.hpp"

namespace troupe::cuda {

class KernelTimes {
 public:
  KernelTimes() = default;
  KernelTimes(const KernelTimes&) = delete;
  KernelTimes& operator=(const KernelTimes&) = delete;
  ~KernelTimes();

  /// Calls launch() between two events on the stream; it launches the kernel of that name. Where
  /// the GPU waits for the host, the first is over before the kernel has come: a kernel shorter
  /// than its launch then counts as long as that. Throws BackendError, and whatever launch() does,
  /// which then is not timed.
  template <class Launch>
  void time(std::string_view kernel, cudaStream_t stream, const Launch& launch) {
    if (free_.empty()) make_room();
    Timed timed = free_.back();
    timed.kernel = kernel;
    record(timed.begin, stream);
    launch();
    record(timed.end, stream);
    free_.pop_back();
    under_way_.push_back(timed);
  }
  /// Waits for all kernels: the sum of what each has taken. Throws BackendError.
  Seconds finish();

  /// Waits for all kernels. From now on keeps when each ran, of the first `most`; of a million of
  /// them, without asking for memory. `idle` is a stream without work. Throws BackendError.
  void keep(std::size_t most, cudaStream_t idle, std::function<Seconds()> host_now);
  /// Waits for all kernels: those kept, on the host's clock. Keeps none from now on. Throws
  /// BackendError.
  std::vector<TimedKernel> take_kept();

 private:
  struct Timed {
    cudaEvent_t begin = nullptr, end = nullptr;
    std::string_view kernel;
  };
  static void record(cudaEvent_t event, cudaStream_t stream);
  /// Reads what is over, oldest first, and makes events where that frees few.
  void make_room();
  /// Reads and frees the oldest that are under way, so many of them.
  void take(std::size_t over);

  /// Keeps what has taken so long, by the device's clock.
  void keep(Timed& timed, Seconds took);
  /// Records the event now: when that is, by the host.
  Seconds moment_of(cudaEvent_t event);

  std::vector<Timed> free_, under_way_;  // those in the order of their launches
  Seconds sum_{};

  // The device's clock is at 0 when keeping begins.
  std::vector<TimedKernel> kept_;
  std::size_t most_ = 0;
  cudaEvent_t reference_ = nullptr, last_ = nullptr;
  Seconds reference_at_{};  // by the device's clock
  Seconds began_{};         // by the host's
  cudaStream_t idle_ = nullptr;
  std::function<Seconds()> host_now_;
};

}  // namespace troupe::cuda
