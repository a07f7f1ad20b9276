#pragma once
// One loop for every kernel whose results are functions of their own elements alone: 16 bytes a
// load and store, several of them in flight in each thread, each thread done after one tile. A
// kernel says what it does with one element; what is read or written is said by its operands.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"
#include "real_backend/cuda/stream.hpp"
#include "real_backend/cuda/values.hpp"

namespace troupe::cuda {

/// `size` as blocks of `part`, the last of them perhaps not full.
constexpr std::size_t blocks_of(std::size_t size, std::size_t part) {
  return (size + part - 1) / part;
}

namespace elementwise {

/// Operands: In is read, Out written, InOut both. Two may be the same memory, element by element.
template <class T>
struct In {
  using Value = T;
  static constexpr bool is_read = true, is_written = false;
  const T* address;
};
template <class T>
struct Out {
  using Value = T;
  static constexpr bool is_read = false, is_written = true;
  T* address;
};
template <class T>
struct InOut {
  using Value = T;
  static constexpr bool is_read = true, is_written = true;
  T* address;
};

constexpr int threads = 256;
/// Bytes of a thread's largest load or store.
constexpr std::size_t widest = 16;

template <std::size_t bytes>
struct RawOf;
template <>
struct RawOf<16> {
  using type = uint4;
};
template <>
struct RawOf<8> {
  using type = uint2;
};
template <>
struct RawOf<4> {
  using type = std::uint32_t;
};
template <>
struct RawOf<2> {
  using type = std::uint16_t;
};
template <>
struct RawOf<1> {
  using type = std::uint8_t;
};

/// N neighbours of one operand, moved as one piece: by the intrinsics that pass by the first cache,
/// which has nothing to give here, because the compiler leaves those in their order (all loads
/// before the first store) and whole.
template <class Operand, int N>
struct Piece {
  using T = typename Operand::Value;
  using Raw = typename RawOf<sizeof(T) * N>::type;
  T value[N];

  __device__ void load(const Operand& from, std::size_t at) {
    if constexpr (Operand::is_read) {
      const Raw raw = __ldcg(reinterpret_cast<const Raw*>(from.address + at));
      memcpy(value, &raw, sizeof raw);
    }
  }
  __device__ void store(const Operand& into, std::size_t at) const {
    if constexpr (Operand::is_written) {
      Raw raw;
      memcpy(&raw, value, sizeof raw);
      __stcg(reinterpret_cast<Raw*>(into.address + at), raw);
    }
  }
};

/// The pieces of all operands, held by a thread between loading and storing.
template <int N, class... Operands>
struct Pieces;
template <int N>
struct Pieces<N> {
  __device__ void load(std::size_t) {}
  __device__ void store(std::size_t) const {}
  template <class F, class... Values>
  __device__ void apply(int, const F& f, Values&... values) {
    f(values...);
  }
};
template <int N, class First, class... Rest>
struct Pieces<N, First, Rest...> {
  Piece<First, N> first;
  Pieces<N, Rest...> rest;

  __device__ void load(std::size_t at, const First& from, const Rest&... others) {
    first.load(from, at);
    rest.load(at, others...);
  }
  __device__ void store(std::size_t at, const First& into, const Rest&... others) const {
    first.store(into, at);
    rest.store(at, others...);
  }
  template <class F, class... Values>
  __device__ void apply(int i, const F& f, Values&... values) {
    rest.apply(i, f, values..., first.value[i]);
  }
};

/// Elements [begin, begin + N) of each of the U pieces, whose first elements are `stride` apart.
template <int N, int U, class F, class... Operands>
__device__ void transform(std::size_t begin, std::size_t stride, const F& f,
                          const Operands&... operands) {
  Pieces<N, Operands...> pieces[U];
#pragma unroll
  for (int u = 0; u < U; ++u) pieces[u].load(begin + u * stride, operands...);
#pragma unroll
  for (int u = 0; u < U; ++u) {
#pragma unroll
    for (int i = 0; i < N; ++i) pieces[u].apply(i, f);
    pieces[u].store(begin + u * stride, operands...);
  }
}

/// `head` elements one by one, then `pieces` of N at once, then the rest of `count` one by one.
template <int N, int U, class F, class... Operands>
__global__ void __launch_bounds__(threads)
    run(std::size_t count, std::size_t head, std::size_t pieces, F f, Operands... operands) {
  const std::size_t first = std::size_t{blockIdx.x} * (threads * U) + threadIdx.x;
  if (first + (U - 1) * threads < pieces)
    transform<N, U>(head + first * N, std::size_t{threads} * N, f, operands...);
  else
    for (std::size_t piece = first; piece < pieces && piece < first + threads * U; piece += threads)
      transform<N, 1>(head + piece * N, 0, f, operands...);
  if constexpr (N > 1) {
    // Fewer than 2N of them, which are fewer than the threads of a block.
    const std::size_t tail = head + pieces * N, singles = head + (count - tail);
    if (blockIdx.x == 0 && threadIdx.x < singles) {
      const std::size_t at = threadIdx.x < head ? threadIdx.x : tail + (threadIdx.x - head);
      transform<1, 1>(at, 0, f, operands...);
    }
  }
}

/// How many elements stand before the first that N of them are aligned to.
template <int N, class Operand>
std::size_t elements_before(const Operand& operand) {
  constexpr std::size_t size = sizeof(typename Operand::Value), bytes = size * N;
  const auto past = reinterpret_cast<std::uintptr_t>(operand.address) % bytes;
  return past == 0 ? 0 : (bytes - past) / size;
}

template <int N, int U, class F, class... Operands>
void launch(Stream& stream, std::size_t count, std::size_t head, F f, Operands... operands) {
  const std::size_t pieces = (count - head) / N;
  const std::size_t blocks = pieces == 0 ? 1 : blocks_of(pieces, threads * U);
  run<N, U><<<static_cast<unsigned>(blocks), threads, 0, stream.get()>>>(count, head, pieces, f,
                                                                         operands...);
  check_call(cudaGetLastError(), "an elementwise kernel");
}

/// f(element of each operand), for `count` elements: what is written, f takes by reference.
template <class F, class First, class... Rest>
void for_each(Stream& stream, std::size_t count, F f, First first, Rest... rest) {
  if (count == 0) return;
  constexpr std::size_t largest = [] {
    std::size_t size = sizeof(typename First::Value);
    ((size = size < sizeof(typename Rest::Value) ? sizeof(typename Rest::Value) : size), ...);
    return size;
  }();
  constexpr int N = static_cast<int>(widest / largest);
  // With one load for each store a thread does best with one of each (H200: in place 99.8 % of the
  // device's own copy, 94.9 % with four); where more is read, more of it has to be under way.
  constexpr int reads = (int{First::is_read} + ... + int{Rest::is_read});
  constexpr int U = reads == 1 ? 1 : sizeof...(Rest) < 2 ? 4 : 2;
  constexpr int singles_at_once = sizeof...(Rest) < 2 ? 8 : 4;
  const std::size_t head = elements_before<N>(first);
  if (((elements_before<N>(rest) == head) && ...))
    launch<N, U>(stream, count, head < count ? head : count, f, first, rest...);
  else launch<1, singles_at_once>(stream, count, 0, f, first, rest...);
}

}  // namespace elementwise

}  // namespace troupe::cuda
