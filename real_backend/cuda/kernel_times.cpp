#include "real_backend/cuda/kernel_times.hpp"

#include <algorithm>
#include <utility>

#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {

namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t most_room = 1 << 20;  // of kernels that are kept, beforehand
/// Times between events are rounded to 24 bits: of this one, to 8 ns.
constexpr Seconds longest_from_reference{0.1};

bool is_over(cudaEvent_t event) {
  const cudaError_t status = cudaEventQuery(event);
  if (status == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  check_call(status, "cudaEventQuery");
  return true;
}

Seconds between(cudaEvent_t first, cudaEvent_t second) {
  float milliseconds = 0;
  check_call(cudaEventElapsedTime(&milliseconds, first, second), "cudaEventElapsedTime");
  return Seconds{1e-3 * static_cast<double>(milliseconds)};
}

void create(cudaEvent_t& event) { check_call(cudaEventCreate(&event), "cudaEventCreate"); }

}  // namespace

KernelTimes::~KernelTimes() {
  for (const auto* const all : {&free_, &under_way_})
    for (const Timed& timed : *all) {
      cudaEventDestroy(timed.begin);
      cudaEventDestroy(timed.end);
    }
  for (const cudaEvent_t event : {reference_, last_})
    if (event) cudaEventDestroy(event);
}

void KernelTimes::record(cudaEvent_t event, cudaStream_t stream) {
  check_call(cudaEventRecord(event, stream), "cudaEventRecord");
}

void KernelTimes::make_room() {
  std::size_t over = 0;
  while (over < under_way_.size() && is_over(under_way_[over].end)) ++over;
  take(over);
  if (free_.size() >= batch / 2) return;
  free_.reserve(free_.size() + under_way_.size() + batch);
  under_way_.reserve(free_.capacity());
  for (std::size_t i = 0; i < batch; ++i) {
    free_.emplace_back();
    create(free_.back().begin);
    create(free_.back().end);
  }
}

void KernelTimes::take(std::size_t over) {
  const auto end = under_way_.begin() + static_cast<std::ptrdiff_t>(over);
  for (auto timed = under_way_.begin(); timed != end; ++timed) {
    const Seconds took = between(timed->begin, timed->end);
    sum_ += took;
    if (kept_.size() < most_) keep(*timed, took);
    free_.push_back(*timed);
  }
  under_way_.erase(under_way_.begin(), end);
}

Seconds KernelTimes::finish() {
  for (const Timed& timed : under_way_)
    check_call(cudaEventSynchronize(timed.end), "cudaEventSynchronize");
  take(under_way_.size());
  return sum_;
}

void KernelTimes::keep(std::size_t most, cudaStream_t idle, std::function<Seconds()> host_now) {
  finish();
  for (cudaEvent_t* const event : {&reference_, &last_})
    if (!*event) create(*event);
  kept_.clear();
  kept_.reserve(std::min(most, most_room));
  idle_ = idle;
  host_now_ = std::move(host_now);
  began_ = moment_of(reference_);
  reference_at_ = {};
  most_ = most;
}

void KernelTimes::keep(Timed& timed, Seconds took) {
  const Seconds since = between(reference_, timed.begin), begin = reference_at_ + since;
  kept_.push_back({timed.kernel, begin, begin + took});
  if (since < longest_from_reference) return;
  std::swap(reference_, timed.begin);
  reference_at_ = begin;
}

std::vector<TimedKernel> KernelTimes::take_kept() {
  if (most_ == 0) return {};
  finish();
  const Seconds ended = moment_of(last_);
  const Seconds by_device = reference_at_ + between(reference_, last_);
  mpi::tell_by_host(kept_, {.device = {}, .host = began_}, {.device = by_device, .host = ended});
  most_ = 0;
  host_now_ = nullptr;
  return std::exchange(kept_, {});
}

Seconds KernelTimes::moment_of(cudaEvent_t event) {
  constexpr int tries = 10;
  constexpr Seconds short_enough{50e-6};
  Seconds begin{}, end{};
  for (int i = 0; i < tries; ++i) {
    begin = host_now_();
    record(event, idle_);
    check_call(cudaEventSynchronize(event), "cudaEventSynchronize");
    end = host_now_();
    if (end - begin < short_enough) break;
  }
  return begin + (end - begin) / 2;
}

}  // namespace troupe::cuda
