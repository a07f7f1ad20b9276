#pragma once
// Quantities with their units in the type: a function that takes Seconds cannot be handed bytes.
// Text is parsed and printed in core/text.hpp; here is arithmetic only.

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace troupe {

/// Simulated or wall-clock time; as a point in time, seconds since the run began.
using Seconds = std::chrono::duration<double>;

/// A deadline that never comes.
inline constexpr Seconds forever{std::numeric_limits<double>::infinity()};
/// One that has passed, whatever the clock says.
inline constexpr Seconds at_once{};

/// An amount of something countable. `Unit` only keeps the amounts of different things apart.
template <class Unit, class Number>
struct Quantity {
  Number value{};

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value -= other.value;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  friend constexpr Quantity operator*(Quantity a, Number factor) { return {a.value * factor}; }
  friend constexpr Quantity operator*(Number factor, Quantity a) { return {factor * a.value}; }
};

using Bytes = Quantity<struct BytesUnit, std::uint64_t>;
using Flops = Quantity<struct FlopsUnit, double>;
using BytesPerSecond = Quantity<struct BytesPerSecondUnit, double>;
using FlopsPerSecond = Quantity<struct FlopsPerSecondUnit, double>;

constexpr Seconds operator/(Bytes amount, BytesPerSecond rate) {
  return Seconds{static_cast<double>(amount.value) / rate.value};
}
constexpr Seconds operator/(Flops amount, FlopsPerSecond rate) {
  return Seconds{amount.value / rate.value};
}

}  // namespace troupe
