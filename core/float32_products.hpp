#pragma once
// How a device multiplies matrices of float32.

#include <string_view>

namespace troupe {

/// What is left of operands in products of float32; sums are of float32 in any case. exact: all
/// their bits. tf32: tensor cores multiply them with 10 bits of mantissa. bf16: operands are
/// rounded to bfloat16 (7 bits, to nearest even) before each product. A product of two values is
/// off by up to some 2⁻⁹ or 2⁻⁷ of itself.
enum class Float32Products { exact, tf32, bf16 };

constexpr std::string_view name_of(Float32Products products) noexcept {
  switch (products) {
    case Float32Products::exact: return "exact";
    case Float32Products::tf32: return "tf32";
    case Float32Products::bf16: return "bf16";
  }
  return {};
}

}  // namespace troupe
