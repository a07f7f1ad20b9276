// Pooling on the device: a thread for each value of the result. The gradient is gathered, pixel by
// pixel, in the order in which core/kernel_convolution.cpp scatters it: results are the host's bit
// for bit, and nothing is added atomically.

#include <limits>

#include "real_backend/cuda/elementwise.cuh"
#include "real_backend/cuda/kernels.hpp"

namespace troupe::cuda {

namespace {

constexpr unsigned pooling_threads = 256;

/// Windows along one side of the image, in numbers that a division is fast for.
struct Side {
  int length, out_length, window, stride, padding;

  /// The part of window `out` that is in the image is [first, last).
  __device__ int first(int out) const {
    const int at = out * stride - padding;
    return at > 0 ? at : 0;
  }
  __device__ int last(int out) const {
    const int at = out * stride - padding + window;
    return at < length ? at : length;
  }
  /// The windows that have `pixel` are [first_window, last_window].
  __device__ int first_window(int pixel) const {
    const int past = pixel + padding - window + 1;
    return past > 0 ? (past + stride - 1) / stride : 0;
  }
  __device__ int last_window(int pixel) const {
    const int at = (pixel + padding) / stride;
    return at < out_length ? at : out_length - 1;
  }
};
struct Plane {
  Side rows, columns;
  std::size_t channels;  // of all samples

  __host__ __device__ std::size_t pixels() const {
    return static_cast<std::size_t>(rows.length) * static_cast<std::size_t>(columns.length);
  }
  __host__ __device__ std::size_t out_pixels() const {
    return static_cast<std::size_t>(rows.out_length) * static_cast<std::size_t>(columns.out_length);
  }
  template <class T>
  __device__ T covered(int y, int x) const {
    return static_cast<T>((rows.last(y) - rows.first(y)) * (columns.last(x) - columns.first(x)));
  }
};

Plane plane_of(const Windows& w, std::size_t batch) {
  constexpr std::size_t most = std::numeric_limits<int>::max() / 4;
  EXPECTS(w.height < most && w.width < most && w.window_height < most && w.window_width < most &&
              w.stride < most && w.padding < most && w.height * w.width < most &&
              w.out_pixels() < most,
          "an image of a pooling has fewer than half a billion pixels");
  const auto side = [&](std::size_t length, std::size_t out_length, std::size_t window) {
    return Side{static_cast<int>(length), static_cast<int>(out_length), static_cast<int>(window),
                static_cast<int>(w.stride), static_cast<int>(w.padding)};
  };
  return {side(w.height, w.out_height(), w.window_height),
          side(w.width, w.out_width(), w.window_width), w.channels * batch};
}

/// Where the maximum of window (y, x) is in its channel: the first of them, or the last NaN.
template <class T>
__device__ int largest_in(const Plane& plane, const T* channel, int y, int x) {
  const int width = plane.columns.length;
  int best = plane.rows.first(y) * width + plane.columns.first(x);
  T largest = channel[best];
  for (int row = plane.rows.first(y); row < plane.rows.last(y); ++row)
    for (int column = plane.columns.first(x); column < plane.columns.last(x); ++column) {
      const T value = channel[row * width + column];
      if (value > largest || value != value) {
        best = row * width + column;
        largest = value;
      }
    }
  return best;
}

template <class T, PoolingKind kind>
__global__ void __launch_bounds__(pooling_threads)
    pool(Plane plane, std::size_t count, const T* input, T* output) {
  const std::size_t at = std::size_t{blockIdx.x} * pooling_threads + threadIdx.x;
  if (at >= count) return;
  const auto out_pixels = static_cast<unsigned>(plane.out_pixels());
  const auto within = static_cast<int>(at % out_pixels);
  const int y = within / plane.columns.out_length, x = within % plane.columns.out_length;
  const T* const channel = input + at / out_pixels * plane.pixels();
  if constexpr (kind == PoolingKind::max) {
    output[at] = channel[largest_in(plane, channel, y, x)];
  } else {
    T sum = 0;
    for (int row = plane.rows.first(y); row < plane.rows.last(y); ++row)
      for (int column = plane.columns.first(x); column < plane.columns.last(x); ++column)
        sum += channel[row * plane.columns.length + column];
    output[at] = sum / plane.covered<T>(y, x);
  }
}

template <class T, PoolingKind kind>
__global__ void __launch_bounds__(pooling_threads)
    pool_gradient(Plane plane, std::size_t count, const T* input, const T* output_gradient,
                  T* input_gradient) {
  const std::size_t at = std::size_t{blockIdx.x} * pooling_threads + threadIdx.x;
  if (at >= count) return;
  const auto pixels = static_cast<unsigned>(plane.pixels());
  const auto pixel = static_cast<int>(at % pixels);
  const int row = pixel / plane.columns.length, column = pixel % plane.columns.length;
  const T* const from = output_gradient + at / pixels * plane.out_pixels();
  const int top = plane.rows.first_window(row), bottom = plane.rows.last_window(row);
  const int left = plane.columns.first_window(column), right = plane.columns.last_window(column);
  const auto place = [&](int y, int x) { return y * plane.columns.out_length + x; };
  T sum = 0;
  if constexpr (kind == PoolingKind::max) {
    const T* const channel = input + at / pixels * plane.pixels();
    for (int y = top; y <= bottom; ++y)
      for (int x = left; x <= right; ++x)
        if (largest_in(plane, channel, y, x) == pixel) sum += from[place(y, x)];
  } else {
    for (int y = bottom; y >= top; --y)
      for (int x = right; x >= left; --x) sum += from[place(y, x)] / plane.covered<T>(y, x);
  }
  input_gradient[at] = sum;
}

unsigned pooling_blocks(std::size_t count) {
  return static_cast<unsigned>(blocks_of(count, pooling_threads));
}

template <class T, PoolingKind kind>
void launch_pool(Stream& stream, const Pooling& kernel) {
  const std::size_t count = kernel.output.size();
  pool<T, kind><<<pooling_blocks(count), pooling_threads, 0, stream.get()>>>(
      plane_of(kernel.windows, kernel.batch), count, values<T>(kernel.input),
      values<T>(kernel.output));
  check_call(cudaGetLastError(), "pool");
}
template <class T, PoolingKind kind>
void launch_pool_gradient(Stream& stream, const PoolingGradient& kernel) {
  const std::size_t count = kernel.input_gradient.size();
  pool_gradient<T, kind><<<pooling_blocks(count), pooling_threads, 0, stream.get()>>>(
      plane_of(kernel.windows, kernel.batch), count, values<T>(kernel.input),
      values<T>(kernel.output_gradient), values<T>(kernel.input_gradient));
  check_call(cudaGetLastError(), "pool_gradient");
}

}  // namespace

void launch(Stream& stream, const Pooling& kernel) {
  if (kernel.output.empty()) return;
  with_real(kernel.output.dtype(), [&]<class T>(std::type_identity<T>) {
    if (kernel.kind == PoolingKind::max) launch_pool<T, PoolingKind::max>(stream, kernel);
    else launch_pool<T, PoolingKind::average>(stream, kernel);
  });
}

void launch(Stream& stream, const PoolingGradient& kernel) {
  if (kernel.input_gradient.empty()) return;
  with_real(kernel.input_gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    if (kernel.kind == PoolingKind::max) launch_pool_gradient<T, PoolingKind::max>(stream, kernel);
    else launch_pool_gradient<T, PoolingKind::average>(stream, kernel);
  });
}

}  // namespace troupe::cuda
