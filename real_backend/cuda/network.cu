// Bias and activation on the device. Sums are taken in an order that depends on the shape
// alone (no atomic additions), so that two runs agree bit for bit; it is not the host's order.

#include <cmath>
#include <numbers>

#include "real_backend/cuda/elementwise.cuh"
#include "real_backend/cuda/kernels.hpp"
#include "real_backend/cuda/tiles.cuh"
#include "real_backend/cuda/warp.cuh"

namespace troupe::cuda {

namespace {

using elementwise::elements_before, elementwise::for_each, elementwise::In, elementwise::InOut,
    elementwise::Piece;

/// How many neighbours of rows of that length can be moved at once: 16 bytes, or one value.
template <class T, class F>
void with_piece(std::size_t length, const T* values, F&& f) {
  constexpr int N = elementwise::widest / sizeof(T);
  if (length % N == 0 && elements_before<N>(In<T>{values}) == 0)
    f(std::integral_constant<int, N>{});
  else f(std::integral_constant<int, 1>{});
}

// ---- activations

template <class T>
__device__ T normal_distribution(T z) {
  return T{0.5} * (1 + std::erf(z / std::numbers::sqrt2_v<T>));
}
template <class T>
__device__ T normal_density(T z) {
  return std::exp(T{-0.5} * z * z) * (std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>);
}

template <ActivationKind kind, class T>
struct Activating {
  __device__ void operator()(T& into, T z) const {
    if constexpr (kind == ActivationKind::identity) into = z;
    else if constexpr (kind == ActivationKind::tanh) into = std::tanh(z);
    else if constexpr (kind == ActivationKind::sigmoid) into = 1 / (1 + std::exp(-z));
    else if constexpr (kind == ActivationKind::relu) into = z < 0 ? T{0} : z;
    else into = z * normal_distribution(z);
  }
};
/// `kept` is g(z), or z for GELU.
template <ActivationKind kind, class T>
struct Deriving {
  __device__ void operator()(T& gradient, T kept) const {
    if constexpr (kind == ActivationKind::tanh) gradient *= 1 - kept * kept;
    else if constexpr (kind == ActivationKind::sigmoid) gradient *= kept * (1 - kept);
    else if constexpr (kind == ActivationKind::relu) gradient *= kept > 0 ? T{1} : T{0};
    else if constexpr (kind == ActivationKind::gelu)
      gradient *= normal_distribution(kept) + kept * normal_density(kept);
  }
};

/// Calls f with the kind as a constant.
template <class F>
void with_kind(ActivationKind kind, F&& f) {
  using enum ActivationKind;
  switch (kind) {
    case identity: return f(std::integral_constant<ActivationKind, identity>{});
    case tanh: return f(std::integral_constant<ActivationKind, tanh>{});
    case sigmoid: return f(std::integral_constant<ActivationKind, sigmoid>{});
    case relu: return f(std::integral_constant<ActivationKind, relu>{});
    case gelu: return f(std::integral_constant<ActivationKind, gelu>{});
  }
}

// ---- bias

/// into[row, x] = g(into[row, x] + bias[x]) (`dense`: a row is a sample), or bias[row % channels]
/// (a row is a channel of an image). Rows of `width` pieces of N.
template <class T, int N, bool dense, ActivationKind kind>
__global__ void __launch_bounds__(tile_threads)
    add_bias(std::size_t width, std::size_t rows, std::size_t channels, In<T> bias, InOut<T> into) {
  constexpr int U = 4;
  const std::size_t x = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::size_t step = std::size_t{gridDim.y} * blockDim.y;
  if (x >= width) return;
  Piece<In<T>, N> added;
  if constexpr (dense) added.load(bias, x * N);
  for (std::size_t row = std::size_t{blockIdx.y} * blockDim.y + threadIdx.y; row < rows;
       row += U * step) {
    Piece<InOut<T>, N> pieces[U];
#pragma unroll
    for (int u = 0; u < U; ++u)
      if (row + u * step < rows) pieces[u].load(into, ((row + u * step) * width + x) * N);
#pragma unroll
    for (int u = 0; u < U; ++u) {
      if (row + u * step >= rows) break;
      T value = 0;
      if constexpr (!dense) value = bias.address[(row + u * step) % channels];
#pragma unroll
      for (int i = 0; i < N; ++i) {
        T& result = pieces[u].value[i];
        Activating<kind, T>{}(result, result + (dense ? added.value[i] : value));
      }
      pieces[u].store(into, ((row + u * step) * width + x) * N);
    }
  }
}

template <class T, bool dense, ActivationKind kind>
void launch_add_bias(Stream& stream, std::size_t length, std::size_t rows, const AddBias& kernel) {
  T* const into = values<T>(kernel.into);
  const T* const bias = values<T>(kernel.bias);
  with_piece(length, into, [&]<int N>(std::integral_constant<int, N>) {
    const auto launch_pieces = [&]<int M>(std::integral_constant<int, M>) {
      const Tiles tiles{length / M, rows, 8};
      add_bias<T, M, dense, kind><<<tiles.grid, tiles.block, 0, stream.get()>>>(
          length / M, rows, kernel.channels, In<T>{bias}, InOut<T>{into});
      check_call(cudaGetLastError(), "add_bias");
    };
    if (dense && elements_before<N>(In<T>{bias}) != 0)
      launch_pieces(std::integral_constant<int, 1>{});
    else launch_pieces(std::integral_constant<int, N>{});
  });
}

constexpr unsigned lanes = 32, warps = 8;

/// into[chunk, x] = Σ of from[row, x] over the rows of a chunk + beta into[chunk, x]. Rows of
/// `width` pieces of N; a block takes `lanes` columns of a chunk.
template <class T, int N>
__global__ void __launch_bounds__(lanes* warps)
    sum_rows(std::size_t width, std::size_t rows, std::size_t rows_of_chunk, T beta, In<T> from,
             T* into) {
  __shared__ T sums[warps][lanes * N];
  const std::size_t x = std::size_t{blockIdx.x} * lanes + threadIdx.x;
  const std::size_t begin = blockIdx.y * rows_of_chunk;
  const std::size_t end = begin + rows_of_chunk < rows ? begin + rows_of_chunk : rows;
  T sum[N] = {};
  if (x < width) {
#pragma unroll 4
    for (std::size_t row = begin + threadIdx.y; row < end; row += warps) {
      Piece<In<T>, N> piece;
      piece.load(from, (row * width + x) * N);
#pragma unroll
      for (int i = 0; i < N; ++i) sum[i] += piece.value[i];
    }
  }
#pragma unroll
  for (int i = 0; i < N; ++i) sums[threadIdx.y][threadIdx.x * N + i] = sum[i];
  __syncthreads();
  if (threadIdx.y > 0 || x >= width) return;
  T* const result = into + (blockIdx.y * width + x) * N;
  for (int i = 0; i < N; ++i) {
    T total = 0;
    for (unsigned warp = 0; warp < warps; ++warp) total += sums[warp][threadIdx.x * N + i];
    result[i] = beta == 0 ? total : beta * result[i] + total;
  }
}

/// into[chunk, c] = Σ of channel c over the images of a chunk. A block takes one channel of a
/// chunk.
template <class T>
__global__ void __launch_bounds__(lanes* warps)
    sum_images(std::size_t channels, std::size_t spatial, std::size_t batch,
               std::size_t images_of_chunk, const T* from, T* into) {
  __shared__ T sums[warps];
  const std::size_t channel = blockIdx.x, begin = blockIdx.y * images_of_chunk;
  const std::size_t end = begin + images_of_chunk < batch ? begin + images_of_chunk : batch;
  T sum = 0;
  for (std::size_t image = begin + threadIdx.y; image < end; image += warps) {
    const T* const pixels = from + (image * channels + channel) * spatial;
#pragma unroll 4
    for (std::size_t s = threadIdx.x; s < spatial; s += lanes) sum += pixels[s];
  }
  sum = reduce_warp(sum, Plus{});
  if (threadIdx.x == 0) sums[threadIdx.y] = sum;
  __syncthreads();
  if (threadIdx.x > 0 || threadIdx.y > 0) return;
  T total = 0;
  for (const T part : sums) total += part;
  into[blockIdx.y * channels + channel] = total;
}

/// into = Σ of the rows of `from` + beta into.
template <class T>
void launch_sum_rows(Stream& stream, std::size_t length, std::size_t rows, std::size_t chunks,
                     T beta, const T* from, T* into) {
  with_piece(length, from, [&]<int N>(std::integral_constant<int, N>) {
    const dim3 grid{static_cast<unsigned>(blocks_of(length / N, lanes)),
                    static_cast<unsigned>(chunks)};
    sum_rows<T, N><<<grid, dim3{lanes, warps}, 0, stream.get()>>>(
        length / N, rows, blocks_of(rows, chunks), beta, In<T>{from}, into);
    check_call(cudaGetLastError(), "sum_rows");
  });
}

/// Into how many chunks to cut `rows` so that there are about a thousand blocks, if each chunk can
/// have `least` rows; `beside` blocks are there anyway.
std::size_t chunks_of(std::size_t rows, std::size_t least, std::size_t beside) {
  const std::size_t wanted = blocks_of(1024, std::max<std::size_t>(beside, 1));
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(rows / least, 1));
}

template <class T>
void launch_bias_gradient(Stream& stream, const BiasGradient& kernel) {
  const std::size_t channels = kernel.channels, batch = kernel.batch;
  const auto beta = static_cast<T>(kernel.beta);
  const T* const gradient = values<T>(kernel.gradient);
  T* const into = values<T>(kernel.into);
  if (kernel.spatial == 1) {
    const std::size_t chunks = chunks_of(batch, 4 * warps, channels / (lanes * 16 / sizeof(T)));
    if (chunks == 1) return launch_sum_rows<T>(stream, channels, batch, 1, beta, gradient, into);
    const Stream::Workspace partial{stream, chunks * channels * sizeof(T)};
    launch_sum_rows<T>(stream, channels, batch, chunks, 0, gradient, partial.as<T>());
    launch_sum_rows<T>(stream, channels, chunks, 1, beta, partial.as<T>(), into);
    return;
  }
  const std::size_t chunks = chunks_of(batch, warps, channels);
  const Stream::Workspace partial{stream, chunks * channels * sizeof(T)};
  const dim3 grid{static_cast<unsigned>(channels), static_cast<unsigned>(chunks)};
  sum_images<T><<<grid, dim3{lanes, warps}, 0, stream.get()>>>(
      channels, kernel.spatial, batch, blocks_of(batch, chunks), gradient, partial.as<T>());
  check_call(cudaGetLastError(), "sum_images");
  launch_sum_rows<T>(stream, channels, chunks, 1, beta, partial.as<T>(), into);
}

}  // namespace

void launch(Stream& stream, const AddBias& kernel) {
  if (kernel.into.empty()) return;
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    with_kind(kernel.activation,
              [&]<ActivationKind kind>(std::integral_constant<ActivationKind, kind>) {
                if (kernel.spatial == 1)
                  launch_add_bias<T, true, kind>(stream, kernel.channels, kernel.batch, kernel);
                else
                  launch_add_bias<T, false, kind>(stream, kernel.spatial,
                                                  kernel.channels * kernel.batch, kernel);
              });
  });
}

void launch(Stream& stream, const BiasGradient& kernel) {
  if (kernel.into.empty()) return;
  with_real(kernel.into.dtype(),
            [&]<class T>(std::type_identity<T>) { launch_bias_gradient<T>(stream, kernel); });
}

void launch(Stream& stream, const Activation& kernel) {
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    with_kind(kernel.kind, [&]<ActivationKind kind>(std::integral_constant<ActivationKind, kind>) {
      for_each(stream, kernel.into.size(), Activating<kind, T>{},
               elementwise::Out<T>{values<T>(kernel.into)}, In<T>{values<T>(kernel.from)});
    });
  });
}

void launch(Stream& stream, const ActivationGradient& kernel) {
  if (kernel.kind == ActivationKind::identity) return;
  with_real(kernel.gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    with_kind(kernel.kind, [&]<ActivationKind kind>(std::integral_constant<ActivationKind, kind>) {
      for_each(stream, kernel.gradient.size(), Deriving<kind, T>{},
               InOut<T>{values<T>(kernel.gradient)}, In<T>{values<T>(kernel.kept)});
    });
  });
}

}  // namespace troupe::cuda
