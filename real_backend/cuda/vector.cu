// Vector kernels on the device: one pass over memory each, and the host's results bit for bit.
// (The target is compiled without contraction of products and sums.)

#include <algorithm>

#include "real_backend/cuda/conversion.cuh"
#include "real_backend/cuda/elementwise.cuh"
#include "real_backend/cuda/kernels.hpp"
#include "real_backend/cuda/tiles.cuh"

namespace troupe::cuda {

namespace {

using elementwise::for_each, elementwise::In, elementwise::InOut, elementwise::Out;

/// The unsigned type in which integers wrap around; floats stay what they are.
template <class T>
struct Wrapping {
  using type = T;
};
template <class T>
requires std::is_integral_v<T>
struct Wrapping<T> {
  using type = std::make_unsigned_t<T>;
};

template <class T>
__device__ T sum(T a, T b) {
  using W = typename Wrapping<T>::type;
  return static_cast<T>(static_cast<W>(a) + static_cast<W>(b));
}
template <class T>
__device__ T product(T a, T b) {
  using W = typename Wrapping<T>::type;
  return static_cast<T>(static_cast<W>(a) * static_cast<W>(b));
}
template <class T>
__device__ T scaled(double a, T x) {
  return converted<T>(a * static_cast<double>(x));
}
template <>
__device__ float scaled(double a, float x) {
  return static_cast<float>(a) * x;
}

template <Op op, class T>
struct Reducing {
  __device__ void operator()(T& a, T b) const {
    if constexpr (op == Op::sum) a = sum(a, b);
    else if constexpr (op == Op::product) a = product(a, b);
    else if constexpr (op == Op::min) a = b < a ? b : a;
    else a = a < b ? b : a;
  }
};
template <class T>
struct AddingScaled {
  double a;
  __device__ void operator()(T& y, T x) const { y = sum(y, scaled(a, x)); }
};
template <class T>
struct Scaling {
  double a;
  __device__ void operator()(T& x) const { x = scaled(a, x); }
};
template <class T>
struct Copying {
  __device__ void operator()(T& into, T from) const { into = from; }
};
template <class T>
struct Filling {
  T value;
  __device__ void operator()(T& x) const { x = value; }
};
template <class To, class From>
struct Casting {
  __device__ void operator()(To& into, From from) const { into = cast<To>(from); }
};

template <class T>
void reduce(Stream& stream, Op op, Slice into, ConstSlice from) {
  const auto with = [&]<Op chosen>(Reducing<chosen, T> f) {
    for_each(stream, into.size(), f, InOut<T>{values<T>(into)}, In<T>{values<T>(from)});
  };
  switch (op) {
    case Op::sum: return with(Reducing<Op::sum, T>{});
    case Op::product: return with(Reducing<Op::product, T>{});
    case Op::min: return with(Reducing<Op::min, T>{});
    case Op::max: return with(Reducing<Op::max, T>{});
  }
}

/// True if a value of `into` is that of another element of `from`.
bool overlap(Slice into, ConstSlice from) {
  const std::byte* const a = into.address();
  const std::byte* const b = from.address();
  return a != b && a < b + from.size_bytes() && b < a + into.size_bytes();
}

/// Columns that travel with the launch: for few of them a copy of their own costs the host more,
/// and the device, whose kernel waits for it.
template <std::size_t room>
struct FewColumns {
  static constexpr std::size_t most = room;
  std::uint32_t column[most];
  __device__ std::size_t operator[](std::size_t j) const { return column[j]; }
};
#if CUDART_VERSION >= 12010
constexpr std::size_t most_columns = 4096;  // operands of up to 32,764 bytes
#else
constexpr std::size_t most_columns = 1000;  // up to 4096
#endif

template <class T, class Columns>
__global__ void __launch_bounds__(tile_threads)
    gather(std::size_t width, std::size_t count, const __grid_constant__ Columns columns, T* into,
           const T* from) {
  const std::size_t x = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::size_t step = std::size_t{gridDim.y} * blockDim.y;
  if (x >= width) return;
  for (std::size_t j = std::size_t{blockIdx.y} * blockDim.y + threadIdx.y; j < count; j += step)
    into[j * width + x] = from[columns[j] * width + x];
}
template <class T>
void launch_gather(Stream& stream, std::size_t column_bytes, const Gather& kernel) {
  const std::size_t width = column_bytes / sizeof(T), count = kernel.columns.size();
  const Tiles tiles{width, count, 1};
  const auto launch_with = [&](const auto& columns) {
    gather<<<tiles.grid, tiles.block, 0, stream.get()>>>(
        width, count, columns, values<T>(kernel.into), values<T>(kernel.from));
    check_call(cudaGetLastError(), "gather");
  };
  const auto launch_with_few = [&]<std::size_t room>(std::integral_constant<std::size_t, room>) {
    FewColumns<room> few;
    std::ranges::transform(kernel.columns, few.column,
                           [](std::size_t column) { return static_cast<std::uint32_t>(column); });
    launch_with(few);
  };
  const bool are_narrow = kernel.from.size_bytes() / column_bytes <= UINT32_MAX;
  if (!are_narrow || count > most_columns) launch_with(stream.upload(kernel.columns));
  else if (count <= 256) launch_with_few(std::integral_constant<std::size_t, 256>{});
  else if (count <= 1000) launch_with_few(std::integral_constant<std::size_t, 1000>{});
  else launch_with_few(std::integral_constant<std::size_t, most_columns>{});
}

}  // namespace

void launch(Stream& stream, const Reduce& kernel) {
  with_type(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    reduce<T>(stream, kernel.op, kernel.into, kernel.from);
  });
}

void launch(Stream& stream, const Axpy& kernel) {
  with_type(kernel.y.dtype(), [&]<class T>(std::type_identity<T>) {
    for_each(stream, kernel.y.size(), AddingScaled<T>{kernel.a}, InOut<T>{values<T>(kernel.y)},
             In<T>{values<T>(kernel.x)});
  });
}

void launch(Stream& stream, const Scale& kernel) {
  with_type(kernel.x.dtype(), [&]<class T>(std::type_identity<T>) {
    for_each(stream, kernel.x.size(), Scaling<T>{kernel.a}, InOut<T>{values<T>(kernel.x)});
  });
}

void launch(Stream& stream, const Copy& kernel) {
  if (overlap(kernel.into, kernel.from)) {  // as memmove
    const Stream::Workspace copy{stream, kernel.from.size_bytes()};
    const Slice between{copy.as<std::byte>(), kernel.from.size(), kernel.from.dtype(),
                        kernel.into.memory()};
    launch(stream, Copy{between, kernel.from});
    return launch(stream, Copy{kernel.into, between});
  }
  with_bits(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    for_each(stream, kernel.into.size(), Copying<T>{}, Out<T>{values<T>(kernel.into)},
             In<T>{values<T>(kernel.from)});
  });
}

void launch(Stream& stream, const Fill& kernel) {
  with_type(kernel.x.dtype(), [&]<class T>(std::type_identity<T>) {
    for_each(stream, kernel.x.size(), Filling<T>{converted<T>(kernel.value)},
             Out<T>{values<T>(kernel.x)});
  });
}

void launch(Stream& stream, const Cast& kernel) {
  if (kernel.into.dtype() == kernel.from.dtype())
    return launch(stream, Copy{kernel.into, kernel.from});
  with_any_type(kernel.into.dtype(), [&]<class To>(std::type_identity<To>) {
    with_any_type(kernel.from.dtype(), [&]<class From>(std::type_identity<From>) {
      if constexpr (!std::is_same_v<To, From>)
        for_each(stream, kernel.into.size(), Casting<To, From>{}, Out<To>{values<To>(kernel.into)},
                 In<From>{values<From>(kernel.from)});
    });
  });
}

void launch(Stream& stream, const Gather& kernel) {
  if (kernel.into.empty()) return;
  // Whole columns in the largest pieces to which all of them are aligned.
  const std::size_t column = kernel.width * size_of(kernel.into.dtype());
  const std::size_t together = column | reinterpret_cast<std::uintptr_t>(kernel.into.address()) |
                               reinterpret_cast<std::uintptr_t>(kernel.from.address());
  if (together % 16 == 0) launch_gather<uint4>(stream, column, kernel);
  else if (together % 4 == 0) launch_gather<std::uint32_t>(stream, column, kernel);
  else if (together % 2 == 0) launch_gather<std::uint16_t>(stream, column, kernel);
  else launch_gather<std::uint8_t>(stream, column, kernel);
}

}  // namespace troupe::cuda
