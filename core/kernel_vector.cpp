// Vector kernels in host memory. Plain loops over the elements in order: every result is a function
// of its own element alone, so nothing depends on alignment or vector width.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/kernel_host.hpp"

namespace troupe::host {

namespace {

template <class T>
struct Type {
  using type = T;
};

/// Calls f(Type<T>{}) with the value type of a dtype that has arithmetic.
template <class F>
void with_type(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::float32: return f(Type<float>{});
    case Dtype::float64: return f(Type<double>{});
    case Dtype::int32: return f(Type<std::int32_t>{});
    case Dtype::int64: return f(Type<std::int64_t>{});
    case Dtype::uint32: return f(Type<std::uint32_t>{});
    case Dtype::uint8: return f(Type<std::uint8_t>{});
    case Dtype::float16:
    case Dtype::bfloat16: break;
  }
  EXPECTS(false, "this dtype has no arithmetic");
}

/// Integers wrap around, as they do on every machine that reduces them; signed overflow would be
/// undefined.
template <class T>
T sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  } else return a + b;
}
template <class T>
T product(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) * static_cast<Unsigned>(b));
  } else return a * b;
}

/// A double as T; an integer T gets it truncated, saturated at its ends, and 0 for NaN.
template <class T>
T converted(double value) {
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(value);
  else {
    using Limits = std::numeric_limits<T>;
    if (std::isnan(value)) return 0;
    if (value <= static_cast<double>(Limits::min())) return Limits::min();
    // The largest int64 is not a double; its successor 2^63 is.
    if (value >= std::ldexp(1.0, Limits::digits)) return Limits::max();
    return static_cast<T>(value);
  }
}

template <class T>
T scaled(double a, T x) {
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(a) * x;
  else return converted<T>(a * static_cast<double>(x));
}

template <class T, class F>
void for_each_pair(Slice into, ConstSlice from, F f) {
  const std::span<T> x = into.host<T>();
  const std::span<const T> y = from.host<T>();
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = f(x[i], y[i]);
}

// ---- 16-bit floats, kept as their bits: E exponent bits, M mantissa bits

template <int E, int M>
struct Narrow {
  std::uint16_t bits;
  static constexpr int bias = (1 << (E - 1)) - 1;

  /// Nearest, ties to even; overflow to infinity; subnormals kept.
  static Narrow from(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto sign = static_cast<std::uint32_t>(bits >> 63) << (E + M);
    const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
    const std::uint32_t infinity = ((1u << E) - 1) << M;
    if (exponent == 1024 && fraction != 0) return {as16(sign | infinity | 1u << (M - 1))};
    if (exponent > bias) return {as16(sign | infinity)};
    const bool is_normal = exponent >= 1 - bias;
    const int shift = 52 - M + (is_normal ? 0 : 1 - bias - exponent);
    if (shift > 53) return {as16(sign)};
    const std::uint64_t significand = fraction | std::uint64_t{1} << 52;
    std::uint64_t kept = significand >> shift;
    const std::uint64_t rest = significand & ((std::uint64_t{1} << shift) - 1);
    const std::uint64_t half = std::uint64_t{1} << (shift - 1);
    if (rest > half || (rest == half && (kept & 1))) ++kept;
    // `kept` has the implicit bit, which adds 1 to the exponent field, and so does a carry.
    const std::uint32_t base = is_normal ? static_cast<std::uint32_t>(exponent + bias - 1) << M : 0;
    return {as16(sign | (base + static_cast<std::uint32_t>(kept)))};
  }
  double value() const {
    const std::uint64_t exponent = bits >> M & ((1u << E) - 1);
    const std::uint64_t fraction = bits & ((1u << M) - 1);
    const std::uint64_t sign = std::uint64_t{bits} >> (E + M) << 63;
    if (exponent == 0) {
      const double magnitude = std::ldexp(static_cast<double>(fraction), 1 - bias - M);
      return sign ? -magnitude : magnitude;
    }
    const bool is_finite = exponent != (1u << E) - 1;
    const std::uint64_t wide =
        is_finite ? exponent + 1023 - static_cast<std::uint64_t>(bias) : std::uint64_t{0x7ff};
    return std::bit_cast<double>(sign | wide << 52 | fraction << (52 - M));
  }

 private:
  static std::uint16_t as16(std::uint32_t value) { return static_cast<std::uint16_t>(value); }
};
using Half = Narrow<5, 10>;
using Brain = Narrow<8, 7>;

template <class T>
constexpr bool is_narrow = std::is_same_v<T, Half> || std::is_same_v<T, Brain>;

/// An int64 as a double such that rounding the double once more gives what rounding the integer at
/// once would: truncated, with the last bit set where something was lost ("round to odd").
double for_rounding(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  const std::uint64_t magnitude = value < 0 ? 0 - bits : bits;
  const int shift = std::max(0, static_cast<int>(std::bit_width(magnitude)) - 53);
  const std::uint64_t lost = magnitude & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t kept = magnitude >> shift | (lost != 0 ? 1 : 0);
  const double result = std::ldexp(static_cast<double>(kept), shift);
  return value < 0 ? -result : result;
}

/// `from` in another type, to nearest even; integers saturate, NaN becomes 0.
template <class To, class From>
To cast(From from) {
  if constexpr (std::is_same_v<To, From>) return from;
  else if constexpr (is_narrow<From>) return cast<To>(from.value());
  else if constexpr (is_narrow<To> && std::is_same_v<From, std::int64_t>)
    return To::from(for_rounding(from));
  else if constexpr (is_narrow<To>) return To::from(static_cast<double>(from));
  else if constexpr (std::is_floating_point_v<To>) return static_cast<To>(from);
  else if constexpr (std::is_floating_point_v<From>)
    return converted<To>(std::nearbyint(static_cast<double>(from)));
  else {
    using Limits = std::numeric_limits<To>;
    const auto wide = static_cast<std::int64_t>(from);
    return static_cast<To>(std::clamp(wide, static_cast<std::int64_t>(Limits::min()),
                                      static_cast<std::int64_t>(Limits::max())));
  }
}

template <class F>
void with_any_type(Dtype dtype, F&& f) {
  if (dtype == Dtype::float16) f(Type<Half>{});
  else if (dtype == Dtype::bfloat16) f(Type<Brain>{});
  else with_type(dtype, f);
}

}  // namespace

void run(const Reduce& kernel) {
  with_type(kernel.into.dtype(), [&]<class T>(Type<T>) {
    switch (kernel.op) {
      case Op::sum: return for_each_pair<T>(kernel.into, kernel.from, sum<T>);
      case Op::product: return for_each_pair<T>(kernel.into, kernel.from, product<T>);
      case Op::min:
        return for_each_pair<T>(kernel.into, kernel.from, [](T a, T b) { return b < a ? b : a; });
      case Op::max:
        return for_each_pair<T>(kernel.into, kernel.from, [](T a, T b) { return a < b ? b : a; });
    }
  });
}

void run(const Axpy& kernel) {
  with_type(kernel.y.dtype(), [&]<class T>(Type<T>) {
    for_each_pair<T>(kernel.y, kernel.x,
                     [a = kernel.a](T y, T x) { return sum<T>(y, scaled<T>(a, x)); });
  });
}

void run(const Scale& kernel) {
  with_type(kernel.x.dtype(), [&]<class T>(Type<T>) {
    for (T& x : kernel.x.host<T>()) x = scaled<T>(kernel.a, x);
  });
}

void run(const Copy& kernel) {
  if (!kernel.into.empty())
    std::memmove(kernel.into.bytes().data(), kernel.from.bytes().data(), kernel.into.size_bytes());
}

void run(const Fill& kernel) {
  with_type(kernel.x.dtype(), [&]<class T>(Type<T>) {
    std::ranges::fill(kernel.x.host<T>(), converted<T>(kernel.value));
  });
}

void run(const Cast& kernel) {
  with_any_type(kernel.into.dtype(), [&]<class To>(Type<To>) {
    with_any_type(kernel.from.dtype(), [&]<class From>(Type<From>) {
      auto* const into = reinterpret_cast<To*>(kernel.into.bytes().data());
      const auto* const from = reinterpret_cast<const From*>(kernel.from.bytes().data());
      for (std::size_t i = 0; i < kernel.into.size(); ++i) into[i] = cast<To>(from[i]);
    });
  });
}

void run(const Gather& kernel) {
  const std::size_t column = kernel.width * size_of(kernel.into.dtype());
  std::byte* into = kernel.into.bytes().data();
  const std::byte* const from = kernel.from.bytes().data();
  for (const std::size_t chosen : kernel.columns) {
    std::memcpy(into, from + chosen * column, column);
    into += column;
  }
}

}  // namespace troupe::host
