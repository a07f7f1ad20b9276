// Losses and their gradients on the device, a warp or a block for each sample. Sums are taken in an
// order that depends on the shape alone, so that two runs agree bit for bit; it is not the host's.

#include <cmath>
#include <limits>

#include "real_backend/cuda/elementwise.cuh"
#include "real_backend/cuda/kernels.hpp"
#include "real_backend/cuda/warp.cuh"

namespace troupe::cuda {

namespace {

constexpr int loss_threads = 256;

__device__ bool is_class(std::int32_t label, std::size_t classes) {
  return label >= 0 && static_cast<std::size_t>(label) < classes;
}

/// Reports the first label that is no class, unless something has been reported. For all threads of
/// one block.
__device__ void report_labels(const std::int32_t* labels, std::size_t batch, std::size_t classes,
                              Fault* fault) {
  constexpr auto none = std::numeric_limits<unsigned long long>::max();
  __shared__ unsigned long long first;
  if (threadIdx.x == 0) first = none;
  __syncthreads();
  for (unsigned long long j = threadIdx.x; j < batch; j += loss_threads)
    if (!is_class(labels[j], classes)) atomicMin(&first, j);
  __syncthreads();
  volatile Fault* const report = fault;
  if (threadIdx.x > 0 || first == none || report->found != 0) return;
  report->label = labels[first];
  report->sample = static_cast<int>(first);
  report->classes = static_cast<int>(classes);
  __threadfence_system();
  report->found = 1;
}

/// The threads that work on one sample: a warp, or a block.
template <int threads>
struct Team {
  std::size_t sample = std::size_t{blockIdx.x} * (loss_threads / threads) + threadIdx.x / threads;
  unsigned member = threadIdx.x % threads;

  static unsigned blocks(std::size_t batch) {
    return static_cast<unsigned>(blocks_of(batch, loss_threads / threads));
  }
  __device__ void synchronise() const {
    if constexpr (threads == 32) __syncwarp();
    else __syncthreads();
  }
  /// f over the values of all members, in every member.
  template <class T, class F>
  __device__ T reduce(T value, F f) const {
    value = reduce_warp(value, f);
    if constexpr (threads > 32) {
      __shared__ T parts[threads / 32];
      __syncthreads();  // those who read it last are done
      if (member % 32 == 0) parts[member / 32] = value;
      __syncthreads();
      value = parts[0];
      for (int warp = 1; warp < threads / 32; ++warp) value = f(value, parts[warp]);
    }
    return value;
  }
};

/// Operands of a loss; `losses` and `gradient` may be null, `gradient` may be `outputs`.
template <class T, class Target>
struct LossOperands {
  std::size_t rows, batch;
  T weight;
  const T* outputs;
  const Target* targets;
  T *losses, *gradient;
};

template <class T, int threads>
__global__ void __launch_bounds__(loss_threads) squared_error(LossOperands<T, T> k) {
  const Team<threads> team;
  if (team.sample >= k.batch) return;
  const std::size_t offset = team.sample * k.rows;
  const T factor = 2 * k.weight / static_cast<T>(k.rows);
  T sum = 0;
  for (std::size_t i = team.member; i < k.rows; i += threads) {
    const T difference = k.outputs[offset + i] - k.targets[offset + i];
    sum += difference * difference;
    if (k.gradient) k.gradient[offset + i] = factor * difference;
  }
  sum = team.reduce(sum, Plus{});
  if (k.losses && team.member == 0) k.losses[team.sample] = sum / static_cast<T>(k.rows);
}

template <class T, int threads>
__global__ void __launch_bounds__(loss_threads)
    softmax_cross_entropy(LossOperands<T, std::int32_t> k, Fault* fault) {
  if (blockIdx.x == 0) report_labels(k.targets, k.batch, k.rows, fault);
  const Team<threads> team;
  if (team.sample >= k.batch || !is_class(k.targets[team.sample], k.rows)) return;
  const auto label = static_cast<std::size_t>(k.targets[team.sample]);
  const T* const y = k.outputs + team.sample * k.rows;
  const T chosen = y[label];
  T largest = -std::numeric_limits<T>::infinity();
  for (std::size_t i = team.member; i < k.rows; i += threads) largest = Larger{}(largest, y[i]);
  largest = team.reduce(largest, Larger{});
  T sum = 0;
  for (std::size_t i = team.member; i < k.rows; i += threads) sum += std::exp(y[i] - largest);
  sum = team.reduce(sum, Plus{});
  if (k.losses && team.member == 0) k.losses[team.sample] = std::log(sum) + (largest - chosen);
  if (!k.gradient) return;
  team.synchronise();  // all have read y[label], which the gradient may overwrite
  T* const gradient = k.gradient + team.sample * k.rows;
  const T factor = k.weight / sum;
  for (std::size_t i = team.member; i < k.rows; i += threads) {
    const T value = std::exp(y[i] - largest) * factor;
    gradient[i] = i == label ? value - k.weight : value;
  }
}

template <class T>
__global__ void __launch_bounds__(loss_threads)
    binary_cross_entropy(LossOperands<T, std::int32_t> k, Fault* fault) {
  if (blockIdx.x == 0) report_labels(k.targets, k.batch, 2, fault);
  const std::size_t sample = std::size_t{blockIdx.x} * loss_threads + threadIdx.x;
  if (sample >= k.batch || !is_class(k.targets[sample], 2)) return;
  const int label = k.targets[sample];
  const T y = k.outputs[sample];
  const T power = std::exp(-std::abs(y));  // so that no exponential overflows
  const T positive = (y < 0 ? power : T{1}) / (1 + power);
  const T against = label == 1 ? -y : y;
  if (k.losses) k.losses[sample] = std::log1p(power) + (against < 0 ? T{0} : against);
  if (k.gradient) k.gradient[sample] = k.weight * (positive - static_cast<T>(label));
}

template <class T, class Target>
LossOperands<T, Target> operands_of(const Loss& kernel) {
  return {kernel.rows,
          kernel.batch,
          static_cast<T>(kernel.weight),
          values<T>(kernel.outputs),
          values<Target>(kernel.targets),
          kernel.losses.empty() ? nullptr : values<T>(kernel.losses),
          kernel.gradient.empty() ? nullptr : values<T>(kernel.gradient)};
}

template <class T, int threads>
void launch_loss(Stream& stream, const Loss& kernel) {
  const unsigned blocks = Team<threads>::blocks(kernel.batch);
  switch (kernel.kind) {
    case LossKind::squared_error:
      squared_error<T, threads>
          <<<blocks, loss_threads, 0, stream.get()>>>(operands_of<T, T>(kernel));
      break;
    case LossKind::softmax_cross_entropy:
      softmax_cross_entropy<T, threads><<<blocks, loss_threads, 0, stream.get()>>>(
          operands_of<T, std::int32_t>(kernel), stream.fault());
      break;
    case LossKind::binary_cross_entropy:
      binary_cross_entropy<T>
          <<<static_cast<unsigned>(blocks_of(kernel.batch, loss_threads)), loss_threads, 0,
             stream.get()>>>(operands_of<T, std::int32_t>(kernel), stream.fault());
      break;
  }
  check_call(cudaGetLastError(), "a loss");
}
}  // namespace

void launch(Stream& stream, const Loss& kernel) {
  if (kernel.batch == 0) return;
  with_real(kernel.outputs.dtype(), [&]<class T>(std::type_identity<T>) {
    if (kernel.rows <= 1024) launch_loss<T, 32>(stream, kernel);
    else launch_loss<T, loss_threads>(stream, kernel);
  });
}

}  // namespace troupe::cuda
