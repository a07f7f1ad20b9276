#include "real_backend/cuda/kernel_times.hpp"

#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {

namespace {

constexpr std::size_t batch = 64;

bool is_over(cudaEvent_t event) {
  const cudaError_t status = cudaEventQuery(event);
  if (status == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  check_call(status, "cudaEventQuery");
  return true;
}

}  // namespace

KernelTimes::~KernelTimes() {
  for (const auto* const pairs : {&free_, &under_way_})
    for (const auto& [begin, end] : *pairs) {
      cudaEventDestroy(begin);
      cudaEventDestroy(end);
    }
}

void KernelTimes::record(cudaEvent_t event, cudaStream_t stream) {
  check_call(cudaEventRecord(event, stream), "cudaEventRecord");
}

void KernelTimes::make_room() {
  std::size_t over = 0;
  while (over < under_way_.size() && is_over(under_way_[over].second)) ++over;
  take(over);
  if (free_.size() >= batch / 2) return;
  free_.reserve(free_.size() + under_way_.size() + batch);
  under_way_.reserve(free_.capacity());
  for (std::size_t i = 0; i < batch; ++i) {
    free_.emplace_back();
    check_call(cudaEventCreate(&free_.back().first), "cudaEventCreate");
    check_call(cudaEventCreate(&free_.back().second), "cudaEventCreate");
  }
}

void KernelTimes::take(std::size_t over) {
  const auto end = under_way_.begin() + static_cast<std::ptrdiff_t>(over);
  for (auto pair = under_way_.begin(); pair != end; ++pair) {
    float milliseconds = 0;
    check_call(cudaEventElapsedTime(&milliseconds, pair->first, pair->second),
               "cudaEventElapsedTime");
    sum_ += Seconds{1e-3 * static_cast<double>(milliseconds)};
    free_.push_back(*pair);
  }
  under_way_.erase(under_way_.begin(), end);
}

Seconds KernelTimes::finish() {
  for (const auto& [begin, end] : under_way_)
    check_call(cudaEventSynchronize(end), "cudaEventSynchronize");
  take(under_way_.size());
  return sum_;
}

}  // namespace troupe::cuda
