// How near the device's kernels are to what the device can do: passes over memory beside its own
// copy, cuBLAS and Thrust; products beside the same calls of cuBLAS; the step of a perceptron
// beside its products alone. Medians of rounds timed by events, all in one run. Prints tables, and
// JSON lines into a file.
//
//   cuda_kernels_benchmark [FILE]

#include "benchmarks/cuda_kernels_benchmark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::bench {
namespace {

using cuda::check_call;

class Events {
 public:
  Events() {
    for (cudaEvent_t* event : {&begin_, &end_})
      check_call(cudaEventCreate(event), "cudaEventCreate");
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  /// Seconds from the beginning to the end of what `action` launches on the stream.
  double time(cudaStream_t stream, const Action& action) {
    check_call(cudaEventRecord(begin_, stream), "cudaEventRecord");
    action();
    check_call(cudaEventRecord(end_, stream), "cudaEventRecord");
    check_call(cudaEventSynchronize(end_), "cudaEventSynchronize");
    float milliseconds = 0;
    check_call(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
    return milliseconds * 1e-3;
  }

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace

double median_time(cudaStream_t stream, const Action& action) {
  Events events;
  for (int i = 0; i < 2; ++i) action();
  const double once = events.time(stream, action);
  const int calls = std::clamp(static_cast<int>(2e-3 / once), 1, 50);
  std::vector<double> times(21);
  for (double& time : times)
    time = events.time(stream, [&] {
      for (int i = 0; i < calls; ++i) action();
    });
  std::ranges::sort(times);
  return times[times.size() / 2] / calls;
}

Buffer random_values(cuda::Device& device, std::size_t count, Dtype dtype, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<double> values(std::min<std::size_t>(count, MiB));
  for (double& value : values) value = random.uniform(-1, 1);
  Buffer here{values.size(), dtype}, there{count, dtype, device.memory()};
  run_on_host(Cast{here, std::span{values}});
  for (std::size_t at = 0; at < count; at += values.size()) {
    const std::size_t part = std::min(values.size(), count - at);
    copy_from_host(there.slice().subslice(at, part), here.slice().first(part));
  }
  return there;
}

void launch(cuda::Stream& stream, const Kernel& kernel) {
  std::visit(
      [&]<class K>(const K& k) {
        if constexpr (!std::is_same_v<K, Opaque>) cuda::launch(stream, k);
      },
      kernel);
}

void synchronise() { check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize"); }

}  // namespace troupe::bench

int main(int argc, char** argv) {
  using namespace troupe;
  if (const std::string why = cuda::why_no_device(); !why.empty()) {
    fmt::print("SKIPPED: {}\n", why);
    return 0;
  }
  cuda::Device device{0};
  bench::Report report{argc > 1 ? argv[1] : nullptr};
  std::string facts = device.facts().name;
  for (const auto& [name, version] : cuda::versions()) facts += ", " + name + " " + version;
  fmt::print("{}\n", facts);
  report.line(fmt::format(R"({{"device": "{}"}})", facts));
  bench::measure_passes(device, report);
  bench::measure_products(device, report);
  bench::measure_step(device, report);
}
