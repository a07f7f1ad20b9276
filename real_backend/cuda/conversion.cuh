#pragma once
// Values of one type as another, with the results of core/kernel_vector.cpp bit for bit (but for
// the bits of a NaN, which differ between processors).

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/slice.hpp"

namespace troupe::cuda {

/// 16-bit floats as their bits.
struct Half {
  std::uint16_t bits;
  __device__ static Half from(float x) { return {__half_as_ushort(__float2half_rn(x))}; }
  __device__ static Half from(double x) { return {__half_as_ushort(__double2half(x))}; }
  __device__ float value() const { return __half2float(__ushort_as_half(bits)); }
};
struct Brain {
  std::uint16_t bits;
  __device__ static Brain from(float x) { return {__bfloat16_as_ushort(__float2bfloat16_rn(x))}; }
  __device__ static Brain from(double x) { return {__bfloat16_as_ushort(__double2bfloat16(x))}; }
  __device__ float value() const { return __bfloat162float(__ushort_as_bfloat16(bits)); }
};
template <class T>
constexpr bool is_narrow = std::is_same_v<T, Half> || std::is_same_v<T, Brain>;

/// Calls f(std::type_identity<T>{}) with the value type of a dtype that has arithmetic.
template <class F>
void with_type(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::float32: return f(std::type_identity<float>{});
    case Dtype::float64: return f(std::type_identity<double>{});
    case Dtype::int32: return f(std::type_identity<std::int32_t>{});
    case Dtype::int64: return f(std::type_identity<std::int64_t>{});
    case Dtype::uint32: return f(std::type_identity<std::uint32_t>{});
    case Dtype::uint8: return f(std::type_identity<std::uint8_t>{});
    case Dtype::float16:
    case Dtype::bfloat16: break;
  }
  EXPECTS(false, "this dtype has no arithmetic");
}
template <class F>
void with_any_type(Dtype dtype, F&& f) {
  if (dtype == Dtype::float16) f(std::type_identity<Half>{});
  else if (dtype == Dtype::bfloat16) f(std::type_identity<Brain>{});
  else with_type(dtype, f);
}
/// An unsigned integer of the dtype's size: what is moved and not looked at.
template <class F>
void with_bits(Dtype dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1: return f(std::type_identity<std::uint8_t>{});
    case 2: return f(std::type_identity<std::uint16_t>{});
    case 4: return f(std::type_identity<std::uint32_t>{});
    default: return f(std::type_identity<std::uint64_t>{});
  }
}

/// A float or double as T; an integer T gets it truncated, saturated at its ends, and 0 for NaN.
template <class T, class From>
__host__ __device__ T converted(From value) {
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(value);
  else {
    using Limits = std::numeric_limits<T>;
    constexpr T least = Limits::min(), largest = Limits::max();
    // Its successor, a power of two, is a float; it itself need not be.
    constexpr From end = 2 * static_cast<From>(largest / 2 + 1);
    if (value != value) return 0;
    if (value <= static_cast<From>(least)) return least;
    if (value >= end) return largest;
    return static_cast<T>(value);
  }
}

/// An int64 as a double such that rounding the double once more gives what rounding the integer at
/// once would: truncated, with the last bit set where something was lost ("round to odd").
inline __device__ double for_rounding(std::int64_t value) {
  const double truncated = __ll2double_rz(value);
  const bool is_exact = static_cast<std::int64_t>(truncated) == value;
  return is_exact ? truncated : __longlong_as_double(__double_as_longlong(truncated) | 1);
}

/// `from` in another type, to nearest even; integers saturate, NaN becomes 0.
template <class To, class From>
__device__ To cast(From from) {
  if constexpr (std::is_same_v<To, From>) return from;
  else if constexpr (is_narrow<From>) return cast<To>(from.value());
  else if constexpr (is_narrow<To> && std::is_same_v<From, std::int64_t>)
    return To::from(for_rounding(from));
  else if constexpr (is_narrow<To> && std::is_integral_v<From>)
    return To::from(static_cast<double>(from));
  else if constexpr (is_narrow<To>) return To::from(from);
  else if constexpr (std::is_floating_point_v<To>) return static_cast<To>(from);
  else if constexpr (std::is_same_v<From, float>) return converted<To>(rintf(from));
  else if constexpr (std::is_same_v<From, double>) return converted<To>(rint(from));
  else {
    using Limits = std::numeric_limits<To>;
    constexpr auto least = static_cast<std::int64_t>(Limits::min());
    constexpr auto largest = static_cast<std::int64_t>(Limits::max());
    const auto wide = static_cast<std::int64_t>(from);
    return static_cast<To>(wide < least ? least : wide > largest ? largest : wide);
  }
}

}  // namespace troupe::cuda
