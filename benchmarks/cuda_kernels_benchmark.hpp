#pragma once
// What the tables of cuda_kernels_benchmark have in common: how calls are timed, values to call
// them with, and where results are written.

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "core/kernel.hpp"
#include "real_backend/cuda/device.hpp"
#include "real_backend/cuda/kernels.hpp"

namespace troupe::bench {

inline constexpr std::size_t MiB = std::size_t{1} << 20;
using Action = std::function<void()>;

/// Seconds one call takes: the median of 21 rounds after warming up, each of as many calls in a row
/// as take 2 ms, so that what an event costs is not seen.
double median_time(cudaStream_t stream, const Action& action);

/// JSON lines in a file, if there is a path.
class Report {
 public:
  explicit Report(const char* path) : file_{path ? std::fopen(path, "w") : nullptr} {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  ~Report() {
    if (file_) std::fclose(file_);
  }
  void line(const std::string& json) {
    if (file_) fmt::print(file_, "{}\n", json);
  }

 private:
  std::FILE* file_;
};

/// Values on the device, uniform in (-1, 1); every MiB of them is the same.
Buffer random_values(cuda::Device& device, std::size_t count, Dtype dtype, std::uint64_t seed);

/// Launches any kernel but Opaque.
void launch(cuda::Stream& stream, const Kernel& kernel);

/// Waits for all that the device has to do.
void synchronise();

// The tables; each prints itself and writes its lines.
void measure_passes(cuda::Device& device, Report& report);
void measure_products(cuda::Device& device, Report& report);
void measure_step(cuda::Device& device, Report& report);

}  // namespace troupe::bench
